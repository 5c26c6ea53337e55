#include "apps/churn/reporting/validation_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"
#include "kernels/common/error.h"
#include "preprocessing/csv/csv_writer.h"

namespace ebb::churn {
namespace {

std::vector<Metrics> metrics_by(const ValidatedConfig& config, const LabelledCustomers& customers,
                                FoldScores FoldResult::*model) {
  std::vector<Metrics> metrics;
  for (const FoldResult& result : config.results) {
    metrics.push_back(measure(result.*model, result, customers));
  }
  return metrics;
}

nlohmann::ordered_json defined(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

std::string with_error(double mean, double error) {
  return fmt::format("{} ± {}", format_metric(mean), format_metric(error));
}

/// What is said of a metric that some rounds lack.
std::string of_rounds(std::size_t rounds, std::size_t all) {
  return rounds == all ? "" : fmt::format(" ({} of {} rounds)", rounds, all);
}

}  // namespace

double test_to_train(std::span<const FoldRows> rounds) {
  double sum = 0;
  for (const FoldRows& round : rounds) {
    sum += static_cast<double>(round.rows.test.size()) /
           static_cast<double>(round.rows.train.size() + round.rows.validation.size());
  }
  return sum / static_cast<double>(rounds.size());
}

std::vector<Metrics> network_metrics(const ValidatedConfig& config,
                                     const LabelledCustomers& customers) {
  return metrics_by(config, customers, &FoldResult::network);
}

std::vector<Metrics> logistic_metrics(const ValidatedConfig& config,
                                      const LabelledCustomers& customers) {
  return metrics_by(config, customers, &FoldResult::logistic_regression);
}

std::string estimates_table(std::span<const Estimate> network, std::span<const Estimate> logistic) {
  TextTable table({"mean ± standard error", "network", "logistic regression"});
  for (std::size_t i = 0; i < network.size(); ++i) {
    table.add({network[i].name,
               with_error(network[i].mean, network[i].standard_error) +
                   of_rounds(network[i].rounds, network[i].all_rounds),
               with_error(logistic[i].mean, logistic[i].standard_error) +
                   of_rounds(logistic[i].rounds, logistic[i].all_rounds)});
  }
  return table.to_text();
}

std::string comparison_table(std::span<const Estimate> first, std::span<const Estimate> second,
                             std::span<const Comparison> comparisons) {
  TextTable table({"", "first", "second", "difference ± standard error", "t", "p"});
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    const Comparison& comparison = comparisons[i];
    table.add({comparison.name, format_metric(first[i].mean), format_metric(second[i].mean),
               with_error(comparison.difference, comparison.standard_error) +
                   of_rounds(comparison.rounds, first[i].all_rounds),
               format_metric(comparison.t, 2), format_metric(comparison.p_value)});
  }
  return table.to_text();
}

std::string verdict(std::span<const Comparison> comparisons, std::string_view metric,
                    const std::string& first, const std::string& second) {
  constexpr double kShown = 0.05;
  const auto found = std::find_if(comparisons.begin(), comparisons.end(),
                                  [&](const Comparison& other) { return other.name == metric; });
  if (found == comparisons.end()) fail("verdict: no metric \"{}\"", metric);
  if (std::isnan(found->p_value)) {
    return fmt::format("{}: whether {} or {} is better cannot be judged by these rounds", metric,
                       first, second);
  }
  if (!(found->p_value < kShown)) {
    return fmt::format("{}: no difference between {} and {} is shown (p = {})", metric, first,
                       second, format_metric(found->p_value));
  }
  const bool first_is_better = (found->difference > 0) == found->higher_is_better;
  return fmt::format("{}: {} is better than {} by {} (p = {})", metric,
                     first_is_better ? first : second, first_is_better ? second : first,
                     format_metric(std::abs(found->difference)), format_metric(found->p_value));
}

nlohmann::ordered_json to_json(std::span<const Estimate> estimates) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Estimate& estimate : estimates) {
    json.push_back({{"metric", estimate.name},
                    {"mean", defined(estimate.mean)},
                    {"standard_error", defined(estimate.standard_error)},
                    {"rounds", estimate.rounds}});
  }
  return json;
}

nlohmann::ordered_json to_json(std::span<const Comparison> comparisons) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Comparison& comparison : comparisons) {
    json.push_back({{"metric", comparison.name},
                    {"difference", defined(comparison.difference)},
                    {"standard_error", defined(comparison.standard_error)},
                    {"t", defined(comparison.t)},
                    {"degrees_of_freedom", defined(comparison.degrees)},
                    {"p_value", defined(comparison.p_value)},
                    {"rounds", comparison.rounds}});
  }
  return json;
}

std::string out_of_fold_csv(const CrossValidation& validation, const LabelledCustomers& customers,
                            const std::string& id_column) {
  const preprocessing::Column* ids = customers.table.find(id_column);
  std::vector<std::string> fields = {ids != nullptr ? id_column : "row", "repeat", "fold", "label",
                                     "probability"};
  if (validation.configs.size() > 1) fields.emplace_back("probability_against");
  std::string text;
  preprocessing::append_csv_record(text, fields);
  const std::vector<FoldResult>& results = validation.configs.front().results;
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (std::size_t k = 0; k < results[i].rows.size(); ++k) {
      const std::size_t row = results[i].rows[k];
      fields = {ids != nullptr ? ids->text(row) : fmt::format("{}", customers.file_rows[row]),
                fmt::format("{}", results[i].repeat + 1), fmt::format("{}", results[i].fold + 1),
                customers.labels.classes[customers.labels.values[row] == 1.0F ? 1 : 0]};
      for (const ValidatedConfig& config : validation.configs) {
        fields.push_back(fmt::format("{:.6f}", config.results[i].network.probabilities[k]));
      }
      preprocessing::append_csv_record(text, fields);
    }
  }
  return text;
}

}  // namespace ebb::churn
