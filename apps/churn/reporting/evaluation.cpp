#include "apps/churn/reporting/evaluation.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

std::optional<CampaignResult> campaign_result(const ScoredRows& rows, const Metrics& metrics,
                                              const std::optional<Campaign>& campaign) {
  if (!campaign) return std::nullopt;
  return CampaignResult{campaign_profit(metrics.confusion, *campaign) / metrics.confusion.total(),
                        expected_maximum_profit(rows, *campaign)};
}

nlohmann::ordered_json finite_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace

Evaluation evaluate(const ScoredRows& rows, const EvaluationOptions& options) {
  Evaluation evaluation;
  evaluation.metrics = compute_metrics(rows, options.threshold);
  evaluation.reliability = reliability_bins(rows);
  evaluation.campaign = campaign_result(rows, evaluation.metrics, options.campaign);
  if (!options.intervals) return evaluation;
  evaluation.intervals =
      bootstrap_intervals(rows, *options.intervals, [&](const ScoredRows& sample) {
        const Metrics metrics = compute_metrics(sample, options.threshold);
        std::vector<double> values;
        for (const NamedFigure& figure :
             named_figures(metrics, campaign_result(sample, metrics, options.campaign))) {
          values.push_back(figure.value);
        }
        return values;
      });
  return evaluation;
}

std::vector<NamedFigure> named_figures(const Metrics& metrics,
                                       const std::optional<CampaignResult>& campaign) {
  std::vector<NamedFigure> figures;
  for (const NamedMetric& metric : named_metrics(metrics)) {
    figures.push_back({std::string(metric.name), metric.value});
  }
  if (campaign) {
    figures.push_back({"profit_per_customer", campaign->profit_per_customer});
    figures.push_back({"expected_maximum_profit", campaign->expected.per_customer});
    figures.push_back({"best_contacted_share", campaign->expected.contacted_share});
  }
  return figures;
}

nlohmann::ordered_json to_json(const Evaluation& evaluation) {
  nlohmann::ordered_json json = to_json(evaluation.metrics);
  const std::vector<NamedFigure> figures = named_figures(evaluation.metrics, evaluation.campaign);
  for (const NamedFigure& figure : figures) json[figure.name] = finite_or_null(figure.value);
  for (std::size_t i = 0; i < evaluation.intervals.size(); ++i) {
    const Interval& interval = evaluation.intervals[i];
    json["intervals"][figures[i].name] = {finite_or_null(interval.low),
                                          finite_or_null(interval.high)};
  }
  for (const ReliabilityBin& bin : evaluation.reliability) {
    json["reliability"].push_back({{"rows", bin.rows},
                                   {"mean_probability", finite_or_null(bin.mean_probability)},
                                   {"positive_share", finite_or_null(bin.positive_share)}});
  }
  return json;
}

std::string evaluation_table(const Evaluation& evaluation) {
  const bool has_intervals = !evaluation.intervals.empty();
  std::vector<std::string> header = {"", "value"};
  if (has_intervals) header.insert(header.end(), {"from", "to"});
  TextTable table(header);
  const auto add = [&](std::string name, std::string value, const Interval* interval) {
    std::vector<std::string> row = {std::move(name), std::move(value)};
    if (has_intervals) {
      row.push_back(interval == nullptr ? "" : format_metric(interval->low));
      row.push_back(interval == nullptr ? "" : format_metric(interval->high));
    }
    table.add(std::move(row));
  };
  add("rows", format_count(evaluation.metrics.rows), nullptr);
  add("base_rate", format_metric(evaluation.metrics.base_rate), nullptr);
  add("threshold", format_metric(evaluation.metrics.threshold), nullptr);
  const std::vector<NamedFigure> figures = named_figures(evaluation.metrics, evaluation.campaign);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    add(figures[i].name, format_metric(figures[i].value),
        has_intervals ? &evaluation.intervals[i] : nullptr);
  }
  return table.to_text();
}

std::string reliability_table(const Evaluation& evaluation) {
  TextTable table({"probability", "rows", "mean", "happened"});
  const auto bins = static_cast<double>(evaluation.reliability.size());
  for (std::size_t i = 0; i < evaluation.reliability.size(); ++i) {
    const ReliabilityBin& bin = evaluation.reliability[i];
    if (bin.rows == 0) continue;
    const auto low = static_cast<double>(i);
    table.add({fmt::format("{:.3f} to {:.3f}", low / bins, (low + 1) / bins),
               format_count(bin.rows), format_metric(bin.mean_probability),
               format_metric(bin.positive_share)});
  }
  return table.to_text();
}

}  // namespace ebb::churn
