#include <string>

#include "preprocessing/common/numbers.h"
#include "preprocessing/csv_device/parse_numbers_backends.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cpu {

ParsedNumbers parse_numbers(Context&, const DeviceFields& fields, const TokenList& missing,
                            std::span<const ParsedColumn> columns) {
  ParsedNumbers parsed;
  const FieldView view = fields.view();
  const TokenView tokens = missing.view(missing.bytes().data());
  for (const ParsedColumn& column : columns) {
    auto* numbers = column.numbers.view().as<double>();
    for (std::uint32_t row = 0; row < fields.rows; ++row) {
      const FieldText field = view.field(row, static_cast<std::uint32_t>(column.position));
      numbers[row] = kMissingNumber;
      if (tokens.contains(field)) continue;
      // Doubled quotes do not matter: a number has none.
      const auto value = parse_number({field.begin, field.end});
      parsed.has_texts |= !value;
      if (value) numbers[row] = *value;
    }
  }
  return parsed;
}

}  // namespace ebb::preprocessing::cpu
