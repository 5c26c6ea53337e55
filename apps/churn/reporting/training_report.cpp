#include "apps/churn/reporting/training_report.h"

#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"
#include "preprocessing/common/json_reader.h"

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
  return {{"threshold", report.decision.threshold.threshold},
          {"train", json_or_null(report.train)},
          {"validation", json_or_null(report.validation)},
          {"test", json_or_null(report.test)}};
}

struct TableColumn {
  std::string title;
  nlohmann::ordered_json metrics;
};

std::string cell_of(const std::string& name, const nlohmann::ordered_json& value) {
  if (value.is_null()) return "-";
  return name == "rows" ? format_count(value.get<double>()) : format_metric(value.get<double>());
}

/// Requires null, or for each figure of `shown` a figure or null.
void require_figures(const preprocessing::JsonReader& part, const nlohmann::json& figures,
                     const nlohmann::json& shown) {
  if (figures.is_null()) return;
  for (const auto& [name, first] : shown.items()) {
    if (first.is_object()) continue;  // the confusion matrix
    const preprocessing::JsonReader figure = part.member(name);
    if (!figures.at(name).is_null()) static_cast<void>(figure.number());
  }
}

std::string table_of(const std::vector<TableColumn>& columns) {
  std::vector<std::string> header = {""};
  for (const TableColumn& column : columns) header.push_back(column.title);
  TextTable table(header);
  for (const auto& [name, first] : columns.front().metrics.items()) {
    if (first.is_object()) continue;  // the confusion matrix
    std::vector<std::string> row = {printable(name)};
    for (const TableColumn& column : columns) row.push_back(cell_of(name, column.metrics.at(name)));
    table.add(std::move(row));
  }
  return table.to_text();
}

}  // namespace

Decision decide(std::vector<float> validation_scores, const PreparedData& data,
                const DecisionConfig& decision) {
  const std::vector<float>& labels = data.validation.labels;
  Decision made;
  made.calibration =
      ScoreCalibration::fit({.scores = validation_scores, .labels = labels}, decision.calibration);
  made.calibration.apply(validation_scores);
  made.threshold = choose_threshold({.scores = validation_scores, .labels = labels},
                                    {.objective = decision.objective,
                                     .costs = decision.costs,
                                     .campaign = decision.campaign,
                                     .contact_share = decision.contact_share,
                                     .training_base_rate = data.training_base_rate});
  return made;
}

ModelReport report_on(PartScores scores, const PreparedData& data, const DecisionConfig& decision) {
  ModelReport report{.decision = decide(scores.validation, data, decision),
                     .train = {},
                     .validation = {},
                     .test = {}};
  for (std::vector<float>* part : {&scores.train, &scores.validation, &scores.test}) {
    report.decision.calibration.apply(*part);
  }
  const double threshold = report.decision.threshold.threshold;
  report.train = measure(scores.train, data.train, threshold, "train");
  report.validation = measure(scores.validation, data.validation, threshold, "validation");
  report.test = measure(scores.test, data.test, threshold, "test");
  return report;
}

TrainingReport report_on_training(const PartScores& network, const PartScores& logistic_regression,
                                  const PreparedData& data, const DecisionConfig& decision) {
  // A constant score can only flag everybody or nobody; the majority is the yardstick that counts.
  const DecisionConfig majority{.objective = ThresholdObjective::accuracy};
  return {report_on(network, data, decision), report_on(logistic_regression, data, decision),
          report_on(constant_scores(data), data, majority)};
}

nlohmann::ordered_json to_json(const TrainingReport& report) {
  return {{"network", json_of(report.network)},
          {"logistic_regression", json_of(report.logistic_regression)},
          {"base_rate", json_of(report.base_rate)}};
}

void require_report(const nlohmann::json& document) {
  const preprocessing::JsonReader reader(document, "", "");
  for (const char* name : {"parameters", "epochs", "best_epoch"}) {
    static_cast<void>(reader.member(name).count());
  }
  static_cast<void>(reader.member("network").member("train"));
  const nlohmann::json& shown = document.at("network").at("train");
  if (!shown.is_object()) reader.member("network").member("train").refuse("expected an object");
  for (const char* model : {"network", "logistic_regression", "base_rate"}) {
    for (const char* part : {"train", "validation", "test"}) {
      const preprocessing::JsonReader figures = reader.member(model).member(part);
      require_figures(figures, document.at(model).at(part), shown);
    }
  }
}

std::string report_table(const nlohmann::ordered_json& report) {
  std::vector<TableColumn> columns;
  const auto add = [&](const std::string& title, const char* model, const char* part) {
    const nlohmann::ordered_json& metrics = report.at(model).at(part);
    if (!metrics.is_null()) columns.push_back({title, metrics});
  };
  for (const char* part : {"train", "validation", "test"}) add(part, "network", part);
  const char* part = report.at("network").at("test").is_null() ? "validation" : "test";
  add(fmt::format("logistic regression ({})", part), "logistic_regression", part);
  add(fmt::format("base rate ({})", part), "base_rate", part);
  return table_of(columns);
}

std::string confusion_table(const ConfusionMatrix& confusion, const std::string& positive) {
  TextTable table({"", "flagged", "not flagged"});
  table.add({printable(positive), format_count(confusion.true_positive),
             format_count(confusion.false_negative)});
  table.add({"not " + printable(positive), format_count(confusion.false_positive),
             format_count(confusion.true_negative)});
  return table.to_text();
}

std::string explain(const ThresholdChoice& choice, const DecisionConfig& decision) {
  if (choice.fallback_reason) {
    return fmt::format("{:.4f}: {}", choice.threshold, printable(*choice.fallback_reason));
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
          "missed leaver costs {}, a flagged one {}, a stayer who is flagged {} and one who is not "
          "{}",
          choice.threshold, choice.objective_value, decision.costs.false_negative,
          decision.costs.true_positive, decision.costs.false_positive,
          decision.costs.true_negative);
    case ThresholdObjective::profit:
      return fmt::format(
          "{:.4f}: contacting whoever is flagged earns most on the validation rows, {:.2f} per "
          "customer, where a leaver who is kept is worth {}, {:.4g} % of leavers take the offer of "
          "{}, and a contact costs {}",
          choice.threshold, choice.objective_value, decision.campaign.customer_value,
          100 * decision.campaign.acceptance_rate, decision.campaign.incentive_cost,
          decision.campaign.contact_cost);
    case ThresholdObjective::budget:
      return fmt::format(
          "{:.4f}: it flags {:.2f} % of the validation rows, where {:.4g} % can be contacted",
          choice.threshold, 100 * choice.objective_value, 100 * decision.contact_share);
  }
  fail("explain: unknown objective");
}

}  // namespace ebb::churn
