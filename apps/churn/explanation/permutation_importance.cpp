#include "apps/churn/explanation/permutation_importance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "apps/churn/metrics/metrics.h"
#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/contingency.h"
#include "preprocessing/statistics/correlation.h"
#include "preprocessing/statistics/mutual_information.h"

namespace ebb::churn {
namespace {

using preprocessing::EncodedRows;

// A column as statistics take it: its codes, and its numbers if it has them.
struct ColumnValues {
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;
  std::size_t levels = 0;
};

ColumnValues values_of(const FeatureColumn& column, const EncodedRows& rows) {
  ColumnValues values;
  if (column.category) {
    for (std::size_t row = 0; row < rows.rows; ++row) {
      values.codes.push_back(rows.codes[row * rows.category_count + *column.category]);
      values.levels = std::max(values.levels, static_cast<std::size_t>(values.codes.back()) + 1);
    }
    return values;
  }
  for (std::size_t row = 0; row < rows.rows; ++row) {
    values.numbers.push_back(rows.numbers[row * rows.number_count + column.numbers.front()]);
  }
  preprocessing::BinnedColumn bins = preprocessing::quantile_bins(values.numbers);
  values.levels = bins.bins();
  values.codes = std::move(bins.codes);
  return values;
}

double association(const ColumnValues& first, const ColumnValues& second) {
  if (!first.numbers.empty() && !second.numbers.empty()) {
    return std::abs(preprocessing::spearman(first.numbers, second.numbers));
  }
  return preprocessing::cramers_v(
      preprocessing::count_pairs(first.codes, first.levels, second.codes, second.levels));
}

struct Quality {
  double log_loss;
  double auc;
};

Quality quality_of(const std::vector<float>& logits, const std::vector<float>& labels) {
  const Metrics metrics = compute_metrics(
      {.scores = logits, .labels = labels, .weights = {}, .kind = ScoreKind::logit}, 0.5);
  return {metrics.log_loss, metrics.roc_auc};
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_error_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto count = static_cast<double>(values.size());
  return std::sqrt(squares / (count * (count - 1.0)));
}

}  // namespace

std::vector<std::vector<std::size_t>> associated_groups(std::span<const FeatureColumn> columns,
                                                        const EncodedRows& rows, double threshold) {
  std::vector<ColumnValues> values;
  for (const FeatureColumn& column : columns) values.push_back(values_of(column, rows));
  std::vector<std::size_t> group_of(columns.size());
  std::iota(group_of.begin(), group_of.end(), std::size_t{0});
  for (std::size_t second = 1; second < columns.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      // Not so of NaN, which a constant column gives.
      if (!(association(values[first], values[second]) >= threshold)) continue;
      const std::size_t from = std::max(group_of[first], group_of[second]);
      std::ranges::replace(group_of, from, std::min(group_of[first], group_of[second]));
    }
  }
  std::vector<std::vector<std::size_t>> groups(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) groups[group_of[i]].push_back(i);
  std::erase_if(groups, [](const std::vector<std::size_t>& group) { return group.empty(); });
  return groups;
}

std::string names_of(std::span<const FeatureColumn> columns, std::span<const std::size_t> group) {
  std::string names;
  for (const std::size_t column : group) {
    if (!names.empty()) names += " + ";
    names += columns[column].name;
  }
  return names;
}

std::vector<GroupImportance> permutation_importance(
    const LogitFunction& logits, std::span<const FeatureColumn> columns,
    std::span<const std::vector<std::size_t>> groups, const LabelledRows& rows,
    const ImportanceOptions& options) {
  if (options.deals < 2)
    fail("permutation importance: {} deals, expected 2 at least", options.deals);
  const Quality whole = quality_of(logits(rows.features), rows.labels);
  std::vector<std::vector<double>> rises(groups.size());
  std::vector<std::vector<double>> falls(groups.size());
  std::vector<std::size_t> deal(rows.rows());
  std::iota(deal.begin(), deal.end(), std::size_t{0});
  preprocessing::SplitMix64 generator(options.seed);
  EncodedRows dealt = rows.features;
  for (std::size_t round = 0; round < options.deals; ++round) {
    preprocessing::shuffle(std::span(deal), generator);
    for (std::size_t group = 0; group < groups.size(); ++group) {
      if (options.between) options.between();
      const auto put = [&](auto row_for) {
        for (const std::size_t column : groups[group]) {
          for (std::size_t row = 0; row < deal.size(); ++row) {
            copy_column(columns[column], rows.features, row_for(row), dealt, row);
          }
        }
      };
      put([&](std::size_t row) { return deal[row]; });
      const Quality quality = quality_of(logits(dealt), rows.labels);
      rises[group].push_back(quality.log_loss - whole.log_loss);
      falls[group].push_back(whole.auc - quality.auc);
      put([](std::size_t row) { return row; });
    }
  }
  std::vector<GroupImportance> importances;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    importances.push_back({.columns = groups[group],
                           .log_loss_rise = mean_of(rises[group]),
                           .log_loss_error = standard_error_of(rises[group]),
                           .auc_fall = mean_of(falls[group]),
                           .auc_error = standard_error_of(falls[group])});
  }
  return importances;
}

}  // namespace ebb::churn
