#include "apps/ebb/explanation_summary.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/churn/explanation/reasons.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/training/predictor.h"

namespace ebb::program {

void ExplanationSummary::add(const churn::Attributions& found) {
  base = found.base;
  rows += found.rows;
  largest_gap = std::max(largest_gap, found.largest_gap);
  has_errors = !found.errors.empty();
  for (const double error : found.errors) squared_errors += error * error;
  magnitudes.resize(found.columns);
  points.resize(found.columns);
  for (std::size_t row = 0; row < found.rows; ++row) {
    const float logit = found.logits[row];
    const double probability = churn::probability_of(logit);
    for (std::size_t column = 0; column < found.columns; ++column) {
      const double effect = found.value(row, column);
      magnitudes[column] += std::abs(effect);
      points[column] +=
          std::abs(probability - churn::probability_of(logit - static_cast<float>(effect)));
    }
  }
}

void print_summary(std::FILE* stream, const ExplanationSummary& summary,
                   std::span<const churn::FeatureColumn> columns, double seconds) {
  const auto rows = static_cast<double>(summary.rows);
  const std::vector<double>& magnitudes = summary.magnitudes;
  churn::TextTable table({"column", "mean effect", "in points"});
  for (const std::size_t column : churn::strongest_columns(magnitudes, magnitudes.size())) {
    table.add({churn::printable(columns[column].name),
               churn::format_metric(magnitudes[column] / rows),
               fmt::format("{:.1f} %", 100.0 * summary.points[column] / rows)});
  }
  fmt::print(stream, "{}\n", table.to_text());
  fmt::print(stream,
             "Effects are in log-odds, whatever their sign, from the average of {:.3f} (a "
             "probability of {:.1f} %);\nin points: by how much the probability changes without "
             "them.\n",
             summary.base, 100.0 * churn::probability_of(static_cast<float>(summary.base)));
  if (summary.has_errors) {
    fmt::print(stream, "standard error of an effect {:.4f}; ",
               std::sqrt(summary.squared_errors / (rows * static_cast<double>(magnitudes.size()))));
  }
  fmt::print(stream,
             "effects miss the log-odds by {:.1e} at most\n{} explained in {:.1f} s, {} "
             "rows/s\n",
             summary.largest_gap, churn::format_counted(summary.rows, "customer"), seconds,
             churn::format_count(rows / seconds));
}

}  // namespace ebb::program
