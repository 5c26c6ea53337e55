#include "preprocessing/csv_device/fields.h"

#include "kernels/common/error.h"
#include "preprocessing/csv_device/fields_backends.h"

namespace ebb::preprocessing {

std::optional<DeviceFields> cut_fields(Context& context, const Tensor& text, char delimiter,
                                       std::int64_t columns) {
  if (columns < 2) fail("cut_fields: {} columns, expected two or more", columns);
  const DeviceSeparators separators = find_separators(context, text, delimiter);
  const auto rows = static_cast<std::int64_t>(separators.found.line_feeds);
  const std::int64_t left = static_cast<std::int64_t>(separators.found.count) - rows * columns;
  if (!separators.is_regular || separators.found.has_lone_return || left < 0 || left >= columns)
    return std::nullopt;
  DeviceFields fields{text, separators.offsets, rows, columns, delimiter};
  fields.has_quotes = separators.has_quotes;
  fields.has_inner_feeds = separators.inner_feeds > 0;
  fields.is_plain = separators.found.is_plain;
  if (rows == 0) return fields;
  const CheckRows check{fields.view(), static_cast<std::uint32_t>(rows), fields.has_quotes};
  std::optional<std::uint32_t> end;
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) end = cuda::check_rows(context, check);
  }
  if (!context.device().is_cuda()) end = cpu::check_rows(context, check);
  if (!end) return std::nullopt;
  fields.bytes = std::size_t{*end} + 1;
  return fields;
}

}  // namespace ebb::preprocessing
