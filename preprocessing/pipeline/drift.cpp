#include "preprocessing/pipeline/drift.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {
namespace {

std::size_t sum(const std::vector<std::size_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

/// Whether `share` of `values` exceeds the `expected` one by more than `rise` and chance.
bool is_high(double share, double expected, double rise, std::size_t values) {
  const double variance = expected * (1.0 - expected) / static_cast<double>(values);
  return share > expected + rise + 3.0 * std::sqrt(variance);
}

/// The warnings about one column.
class Judge {
 public:
  Judge(const ColumnDrift& drift, std::size_t rows, std::vector<std::string>& warnings)
      : drift_(drift), rows_(rows), warnings_(warnings) {}

  void absent() {
    warnings_.push_back(
        fmt::format("column \"{}\" is not in the data: all its values count as "
                    "missing",
                    drift_.name));
  }

  void missing(std::size_t training_missing, std::size_t training_rows) {
    const double before = share(training_missing, training_rows);
    const double now = share(drift_.missing, rows_);
    if (!is_high(now, before, kLargestMissingRise, rows_)) return;
    warnings_.push_back(
        fmt::format("column \"{}\": {:.1f} % of the values are missing, {:.1f} % in "
                    "training",
                    drift_.name, 100.0 * now, 100.0 * before));
  }

  void outside(const NumberStatistics& training) {
    const std::size_t values = drift_.values;
    const double expected = 2.0 / static_cast<double>(training.rows - training.missing + 1);
    if (!is_high(share(drift_.outside, values), expected, kLargestOutsideRise, values)) return;
    warnings_.push_back(
        fmt::format("column \"{}\": {} of {} values lie outside of the training range [{}, {}]; "
                    "they reach from "
                    "{} to {}",
                    drift_.name, drift_.outside, values, format_number(training.minimum),
                    format_number(training.maximum), format_number(drift_.lowest),
                    format_number(drift_.highest)));
  }

  void unseen(std::size_t expected_unknown, std::size_t training_rows) {
    const double expected = share(expected_unknown, training_rows);
    if (!is_high(share(drift_.unseen, rows_), expected, kLargestUnknownRise, rows_)) return;
    warnings_.push_back(
        fmt::format("column \"{}\": {} of {} values are unknown from training, such "
                    "as \"{}\"",
                    drift_.name, drift_.unseen, rows_, drift_.unseen_example));
  }

  void distribution(const std::vector<std::size_t>& training, const std::string& detail) {
    const std::size_t values = sum(drift_.counts);
    const std::size_t training_values = sum(training);
    if (values < kLeastDriftRows || training_values < kLeastDriftRows) return;
    const double index = population_stability_index(training, drift_.counts);
    const double by_chance =
        static_cast<double>(training.size() - 1) *
        (1.0 / static_cast<double>(values) + 1.0 / static_cast<double>(training_values));
    if (index <= kLargeStabilityIndex + by_chance) return;
    warnings_.push_back(
        fmt::format("column \"{}\": the values are distributed differently from "
                    "training (population stability index {:.2f}{})",
                    drift_.name, index, detail));
  }

 private:
  const ColumnDrift& drift_;
  std::size_t rows_;
  std::vector<std::string>& warnings_;
};

}  // namespace

double population_stability_index(const std::vector<std::size_t>& expected,
                                  const std::vector<std::size_t>& actual) {
  const double buckets = static_cast<double>(expected.size());
  const double expected_total = static_cast<double>(sum(expected)) + 0.5 * buckets;
  const double actual_total = static_cast<double>(sum(actual)) + 0.5 * buckets;
  double index = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double e = (static_cast<double>(expected[i]) + 0.5) / expected_total;
    const double a = (static_cast<double>(actual[i]) + 0.5) / actual_total;
    index += (a - e) * std::log(a / e);
  }
  return index;
}

std::vector<std::string> Pipeline::drift_warnings(const DriftReport& report) const {
  const std::vector<JudgedNumber> numbers = judged_numbers();
  const std::vector<CategoryFeature>& categories = judged_categories();
  if (report.columns.size() != numbers.size() + categories.size()) {
    fail("drift_warnings: the report is another pipeline's, or empty");
  }
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const ColumnDrift& drift = report.columns[i];
    const NumberStatistics& training = numbers[i].statistics;
    Judge judge(drift, report.rows, warnings);
    if (drift.is_absent) {
      judge.absent();
      continue;
    }
    judge.missing(training.missing, training.rows);
    judge.outside(training);
    judge.distribution(
        training.counts,
        fmt::format(", mean {:.6g}, {:.6g} in training",
                    drift.values == 0 ? 0.0 : drift.sum / static_cast<double>(drift.values),
                    training.mean));
  }
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const ColumnDrift& drift = report.columns[numbers.size() + i];
    const std::vector<std::size_t>& training = categories[i].counts;
    Judge judge(drift, report.rows, warnings);
    if (drift.is_absent) {
      judge.absent();
      continue;
    }
    judge.missing(training[kEncodedMissing], training_rows_);
    judge.unseen(categories[i].expected_unknown, training_rows_);
    judge.distribution(training, "");
  }
  return warnings;
}

}  // namespace ebb::preprocessing
