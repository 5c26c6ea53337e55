#include "preprocessing/csv_device/parse_numbers.h"

#include "kernels/common/check.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/csv_device/parse_numbers_backends.h"

namespace ebb::preprocessing {
namespace {

ParsedNumbers parse_on_device(Context& context, const DeviceFields& fields,
                              const TokenList& missing, std::span<const ParsedColumn> columns) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) return cuda::parse_numbers(context, fields, missing, columns);
  }
  return cpu::parse_numbers(context, fields, missing, columns);
}

}  // namespace

bool parse_numbers(Context& context, const DeviceFields& fields, std::string_view host_text,
                   const TokenList& missing, std::span<const ParsedColumn> columns) {
  for (const ParsedColumn& column : columns) {
    kernels::OperandCheck("parse_numbers")
        .dense("numbers", column.numbers.view(), DType::f64, {fields.rows}, "[rows]");
    if (column.position < 0 || column.position >= fields.columns)
      fail("parse_numbers: field {} of {}", column.position, fields.columns);
  }
  if (columns.empty() || fields.rows == 0) return true;
  const ParsedNumbers parsed = parse_on_device(context, fields, missing, columns);
  if (parsed.has_texts || parsed.undecided.size() >= kMostUndecided) return false;
  for (const UndecidedNumber& left : parsed.undecided) {
    const auto value = parse_number(host_text.substr(left.begin, left.length));
    if (!value) return false;  // it rounds to infinity
    copy_values(Tensor::from_values<double>({1}, {&*value, 1}),
                columns[left.column].numbers.slice(0, left.row, 1));
  }
  return true;
}

}  // namespace ebb::preprocessing
