// What the rows of a table hold, to be compared with the training rows.
#include <algorithm>
#include <cmath>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/encoded_columns.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {
namespace {

void start_report(std::span<const JudgedNumber> numbers,
                  std::span<const CategoryFeature> categories, DriftReport& report) {
  const std::size_t columns = numbers.size() + categories.size();
  if (report.columns.size() == columns) return;
  if (!report.columns.empty()) fail("transform: the drift report is another pipeline's");
  report.columns.resize(columns);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    report.columns[i].name = numbers[i].name;
    report.columns[i].counts.assign(numbers[i].statistics.counts.size(), 0);
  }
  for (std::size_t i = 0; i < categories.size(); ++i) {
    ColumnDrift& drift = report.columns[numbers.size() + i];
    drift.name = categories[i].name;
    drift.counts.assign(categories[i].counts.size(), 0);
  }
}

void count_value(const NumberStatistics& training, double value, ColumnDrift& drift) {
  drift.lowest = drift.values == 0 ? value : std::min(drift.lowest, value);
  drift.highest = drift.values == 0 ? value : std::max(drift.highest, value);
  ++drift.values;
  drift.sum += value;
  ++drift.counts[bucket_of(training.edges, value)];
  if (value < training.minimum || value > training.maximum) ++drift.outside;
}

void count_numbers(const NumberStatistics& training, const EncodedNumber& number,
                   ColumnDrift& drift) {
  drift.is_absent = number.is_absent;
  for (const double value : number.values) {
    if (std::isnan(value)) {
      ++drift.missing;
    } else {
      count_value(training, value, drift);
    }
  }
}

void count_codes(const EncodedCategory& category, ColumnDrift& drift) {
  drift.is_absent = category.is_absent;
  for (std::size_t row = 0; row < category.column().codes.size(); ++row) {
    const std::int32_t code = category.code(row);
    ++drift.counts[static_cast<std::size_t>(code)];
    if (code == kEncodedMissing) ++drift.missing;
    if (code == kEncodedUnknown && drift.unseen++ == 0)
      drift.unseen_example = shortened(category.column().text(row));
  }
}

}  // namespace

void count_drift(const Pipeline& pipeline, std::span<const EncodedNumber> numbers,
                 std::span<const EncodedCategory> categories, std::size_t rows,
                 DriftReport& report) {
  const std::vector<JudgedNumber> judged = pipeline.judged_numbers();
  start_report(judged, pipeline.judged_categories(), report);
  report.rows += rows;
  parallel_for(report.columns.size(), rows, [&](std::size_t i) {
    if (i < numbers.size()) {
      count_numbers(judged[i].statistics, numbers[i], report.columns[i]);
    } else {
      count_codes(categories[i - numbers.size()], report.columns[i]);
    }
  });
}

}  // namespace ebb::preprocessing
