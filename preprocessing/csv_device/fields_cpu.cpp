#include "preprocessing/csv_device/fields_backends.h"

namespace ebb::preprocessing::cpu {

std::optional<std::uint32_t> check_rows(Context&, const CheckRows& p) {
  const std::uint32_t columns = p.fields.columns;
  for (std::uint32_t row = 0; row < p.rows; ++row) {
    const std::size_t last = (std::size_t{row} + 1) * columns - 1;
    if (p.fields.text[p.fields.separators[last]] != '\n') return std::nullopt;
    for (std::uint32_t column = 0; p.has_quotes && column < columns; ++column) {
      if (!p.fields.field(row, column).is_regular()) return std::nullopt;
    }
  }
  return p.fields.separators[std::size_t{p.rows} * columns - 1];
}

}  // namespace ebb::preprocessing::cpu
