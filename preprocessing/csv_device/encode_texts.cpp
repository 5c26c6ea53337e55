#include "preprocessing/csv_device/encode_texts.h"

#include "kernels/common/check.h"
#include "preprocessing/csv_device/encode_texts_backends.h"

namespace ebb::preprocessing {

std::optional<std::size_t> encode_texts(Context& context, const DeviceFields& fields,
                                        std::string_view host_text, std::int64_t position,
                                        const TokenList& missing, Dictionary& dictionary,
                                        const Tensor& codes) {
  kernels::OperandCheck("encode_texts")
      .dense("codes", codes.view(), DType::i32, {fields.rows}, "[rows]");
  if (position < 0 || position >= fields.columns)
    fail("encode_texts: field {} of {}", position, fields.columns);
  if (fields.rows == 0) return 0;
  constexpr std::int64_t kMostRows = std::int64_t{1} << 29;  // a row's slot fits a code
  if (fields.rows > kMostRows) fail("encode_texts: {} rows, at most {}", fields.rows, kMostRows);
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) {
      return cuda::encode_texts(context, fields, host_text, position, missing, dictionary, codes);
    }
  }
  return cpu::encode_texts(context, fields, host_text, position, missing, dictionary, codes);
}

}  // namespace ebb::preprocessing
