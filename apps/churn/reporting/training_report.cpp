#include "apps/churn/reporting/training_report.h"

#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

std::optional<Metrics> measure(const std::vector<float>& scores, const LabelledRows& rows,
                               double threshold, const char* part) {
  if (scores.size() != rows.rows()) {
    fail("report_on: {} scores for the {} rows of {}", scores.size(), rows.rows(), part);
  }
  if (scores.empty()) return std::nullopt;
  return compute_metrics({.scores = scores, .labels = rows.labels}, threshold);
}

PartScores constant_scores(const PreparedData& data) {
  const auto rate = static_cast<float>(data.training_base_rate);
  return {std::vector<float>(data.train.rows(), rate),
          std::vector<float>(data.validation.rows(), rate),
          std::vector<float>(data.test.rows(), rate)};
}

nlohmann::ordered_json json_or_null(const std::optional<Metrics>& metrics) {
  return metrics ? to_json(*metrics) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json json_of(const ModelReport& report) {
  return {{"threshold", report.threshold.threshold},
          {"train", json_or_null(report.train)},
          {"validation", json_or_null(report.validation)},
          {"test", json_or_null(report.test)}};
}

struct TableColumn {
  std::string title;
  const Metrics& metrics;
};

std::string table_of(const std::vector<TableColumn>& columns) {
  std::vector<std::string> header = {""};
  for (const TableColumn& column : columns) header.push_back(column.title);
  TextTable table(header);
  const auto add = [&](std::string name, auto&& value_of) {
    std::vector<std::string> row = {std::move(name)};
    for (const TableColumn& column : columns) row.push_back(value_of(column.metrics));
    table.add(std::move(row));
  };
  add("rows", [](const Metrics& m) { return format_count(static_cast<double>(m.rows)); });
  add("base_rate", [](const Metrics& m) { return format_metric(m.base_rate); });
  add("threshold", [](const Metrics& m) { return format_metric(m.threshold); });
  const auto names = named_metrics(columns.front().metrics);
  for (std::size_t i = 0; i < names.size(); ++i) {
    add(std::string(names[i].name),
        [i](const Metrics& m) { return format_metric(named_metrics(m)[i].value); });
  }
  return table.to_text();
}

}  // namespace

ModelReport report_on(const PartScores& scores, const PreparedData& data,
                      const DecisionConfig& decision) {
  ModelReport report;
  report.threshold =
      choose_threshold({.scores = scores.validation, .labels = data.validation.labels},
                       {.objective = decision.objective,
                        .false_negative_cost = decision.false_negative_cost,
                        .training_base_rate = data.training_base_rate});
  const double threshold = report.threshold.threshold;
  report.train = measure(scores.train, data.train, threshold, "train");
  report.validation = measure(scores.validation, data.validation, threshold, "validation");
  report.test = measure(scores.test, data.test, threshold, "test");
  return report;
}

TrainingReport report_on_training(const PartScores& network, const PartScores& logistic_regression,
                                  const PreparedData& data, const DecisionConfig& decision) {
  return {report_on(network, data, decision), report_on(logistic_regression, data, decision),
          report_on(constant_scores(data), data, decision)};
}

nlohmann::ordered_json to_json(const TrainingReport& report) {
  return {{"network", json_of(report.network)},
          {"logistic_regression", json_of(report.logistic_regression)},
          {"base_rate", json_of(report.base_rate)}};
}

std::string metrics_table(const TrainingReport& report) {
  std::vector<TableColumn> columns;
  const auto add = [&](const char* title, const std::optional<Metrics>& metrics) {
    if (metrics) columns.push_back({title, *metrics});
  };
  add("train", report.network.train);
  add("validation", report.network.validation);
  add("test", report.network.test);
  if (report.network.test) {
    add("logistic regression (test)", report.logistic_regression.test);
    add("base rate (test)", report.base_rate.test);
  } else {
    add("logistic regression (validation)", report.logistic_regression.validation);
    add("base rate (validation)", report.base_rate.validation);
  }
  return table_of(columns);
}

std::string metrics_table(const Metrics& metrics) { return table_of({{"value", metrics}}); }

std::string confusion_table(const Metrics& metrics, const std::string& positive) {
  const ConfusionMatrix& confusion = metrics.confusion;
  TextTable table({"", "flagged", "not flagged"});
  table.add({printable(positive), format_count(confusion.true_positive),
             format_count(confusion.false_negative)});
  table.add({"not " + printable(positive), format_count(confusion.false_positive),
             format_count(confusion.true_negative)});
  return table.to_text();
}

std::string explain(const ThresholdChoice& choice, const DecisionConfig& decision) {
  if (choice.fallback_reason) {
    return fmt::format("{:.4f}: {}", choice.threshold, *choice.fallback_reason);
  }
  switch (decision.objective) {
    case ThresholdObjective::f1:
      return fmt::format("{:.4f}: it has the best F1 on the validation rows, {:.4f}",
                         choice.threshold, choice.objective_value);
    case ThresholdObjective::accuracy:
      return fmt::format("{:.4f}: it has the best accuracy on the validation rows, {:.4f}",
                         choice.threshold, choice.objective_value);
    case ThresholdObjective::cost:
      return fmt::format(
          "{:.4f}: it has the least cost on the validation rows, {:.4f} per customer, where a "
          "missed "
          "leaver costs {} and a needless flag 1",
          choice.threshold, choice.objective_value, decision.false_negative_cost);
  }
  fail("explain: unknown objective");
}

}  // namespace ebb::churn
