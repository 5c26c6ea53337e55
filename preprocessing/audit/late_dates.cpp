#include "preprocessing/audit/late_dates.h"

#include "preprocessing/common/parallel.h"
#include "preprocessing/events/column_codes.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

bool holds_dates(const Column& column, const TimeFormat& format) {
  constexpr std::size_t kMostLooks = 1000;
  std::size_t values = 0;
  std::size_t dates = 0;
  for (std::size_t row = 0; row < column.size() && values < kMostLooks; ++row) {
    if (column.is_missing(row)) continue;
    ++values;
    dates += format.parse(column.text(row)) ? 1 : 0;
  }
  return values > 0 && 10 * dates >= 9 * values;
}

std::vector<std::int64_t> label_dates(const Table& table, const LabelDate& label_date) {
  if (!label_date.column.empty()) {
    return timestamps_of(table, label_date.column, label_date.format);
  }
  return std::vector<std::int64_t>(table.rows(), label_date.date.value_or(kMissingInteger));
}

LateDates late_dates_of(const Column& column, const std::vector<std::int64_t>& settled,
                        const TimeFormat& format) {
  const ColumnCodes codes = codes_of(column);
  std::vector<std::int64_t> times;
  for (const std::string& spelling : codes.spellings()) {
    times.push_back(format.parse(spelling).value_or(kMissingInteger));
  }
  LateDates found{.column = column.name};
  for (std::size_t row = 0; row < settled.size(); ++row) {
    if (codes.codes[row] == kMissingCode || settled[row] == kMissingInteger) continue;
    const std::int64_t time = times[static_cast<std::size_t>(codes.codes[row])];
    if (time == kMissingInteger) continue;
    ++found.dates;
    if (time <= settled[row]) continue;
    if (found.late == 0) {
      found.first_row = row;
      found.example = column.text(row);
      found.label_date = format_timestamp(settled[row]);
    }
    ++found.late;
  }
  return found;
}

}  // namespace

DateComparison compare_with_label_date(const Table& table, std::span<const std::string> names,
                                       const LabelDate& label_date) {
  const std::vector<std::int64_t> settled = label_dates(table, label_date);
  DateComparison comparison;
  for (const std::string& name : names) {
    if (holds_dates(table.column(name), label_date.format)) comparison.columns.push_back(name);
  }
  std::vector<LateDates> found(comparison.columns.size());
  parallel_for(found.size(), table.rows(), [&](std::size_t i) {
    found[i] = late_dates_of(table.column(comparison.columns[i]), settled, label_date.format);
  });
  for (LateDates& column : found) {
    if (column.late > 0) comparison.late.push_back(std::move(column));
  }
  return comparison;
}

}  // namespace ebb::preprocessing
