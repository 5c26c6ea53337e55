#include "preprocessing/csv_device/encode_texts_backends.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cpu {

std::optional<std::size_t> encode_texts(Context&, const DeviceFields& fields, std::string_view,
                                        std::int64_t position, const TokenList& missing,
                                        Dictionary& dictionary, const Tensor& tensor) {
  const FieldView view = fields.view();
  const TokenView tokens = missing.view(missing.bytes().data());
  auto* codes = tensor.view().as<std::int32_t>();
  std::size_t count = 0;
  for (std::uint32_t row = 0; row < fields.rows; ++row) {
    const FieldText field = view.field(row, static_cast<std::uint32_t>(position));
    if (tokens.contains(field)) {
      codes[row] = kMissingCode;
      ++count;
      continue;
    }
    codes[row] = dictionary.code(field.value());
  }
  return count;
}

}  // namespace ebb::preprocessing::cpu
