#include "apps/churn/fusion/fuse.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

struct RowLoss {
  double log_loss;
  double brier;
};

RowLoss loss_of(float probability, float label) {
  constexpr double kLeast = std::numeric_limits<float>::epsilon();
  const double p = std::clamp(static_cast<double>(probability), kLeast, 1 - kLeast);
  const double of_what_happened = label == 1.0F ? p : 1 - p;
  const double miss = static_cast<double>(probability) - static_cast<double>(label);
  return {-std::log(of_what_happened), miss * miss};
}

/// Mean and standard error of values that are added one by one.
class RunningMean {
 public:
  void add(double value) {
    ++count_;
    const double step = value - mean_;
    mean_ += step / count_;
    squares_ += step * (value - mean_);
  }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double standard_error() const {
    return count_ > 1 ? std::sqrt(squares_ / (count_ - 1) / count_)
                      : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// `other`(row) is the loss that the ensemble's is taken off.
template <class Loss>
Gain gain_of(std::span<const float> ensemble, std::span<const float> labels, Loss other) {
  RunningMean log_loss;
  RunningMean brier;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const RowLoss ours = loss_of(ensemble[row], labels[row]);
    const RowLoss theirs = other(row);
    log_loss.add(theirs.log_loss - ours.log_loss);
    brier.add(theirs.brier - ours.brier);
  }
  return {log_loss.mean(), log_loss.standard_error(), brier.mean(), brier.standard_error()};
}

Gain gain_over_mean(const MemberScores& members, std::span<const float> ensemble,
                    std::span<const float> labels) {
  const auto count = static_cast<double>(members.size());
  return gain_of(ensemble, labels, [&](std::size_t row) {
    RowLoss mean{0, 0};
    for (const std::vector<float>& scores : members) {
      const RowLoss loss = loss_of(scores[row], labels[row]);
      mean.log_loss += loss.log_loss / count;
      mean.brier += loss.brier / count;
    }
    return mean;
  });
}

std::size_t best_member(const MemberScores& validation, std::span<const float> labels) {
  std::vector<double> losses;
  for (const std::vector<float>& scores : validation) {
    double sum = 0;
    for (std::size_t row = 0; row < labels.size(); ++row) {
      sum += loss_of(scores[row], labels[row]).log_loss;
    }
    losses.push_back(sum);
  }
  return static_cast<std::size_t>(std::ranges::min_element(losses) - losses.begin());
}

nlohmann::ordered_json to_json(const Gain& gain) {
  return {{"log_loss", gain.log_loss},
          {"log_loss_standard_error", gain.log_loss_error},
          {"brier", gain.brier},
          {"brier_standard_error", gain.brier_error}};
}

std::string gain_line(const std::string& over, const Gain& gain) {
  return fmt::format("gain over {}: log loss {:+.4f} ± {:.4f}, brier {:+.4f} ± {:.4f}\n", over,
                     gain.log_loss, gain.log_loss_error, gain.brier, gain.brier_error);
}

}  // namespace

Fusion fuse(CombinationMethod method, std::vector<double> thresholds,
            const MemberScores& validation, const PreparedData& data,
            const DecisionConfig& decision) {
  Fusion fusion;
  fusion.combination =
      Combination::fit(method, std::move(thresholds), validation, data.validation.labels);
  fusion.decision = decide(fusion.combination.apply(validation), data, decision);
  return fusion;
}

Gain gain_over(std::span<const float> other, std::span<const float> ensemble,
               std::span<const float> labels) {
  if (other.size() != labels.size() || ensemble.size() != labels.size()) {
    fail("gain of {} scores over {} for {} rows", ensemble.size(), other.size(), labels.size());
  }
  return gain_of(ensemble, labels,
                 [&](std::size_t row) { return loss_of(other[row], labels[row]); });
}

FusionReport report_on(const Fusion& fusion, const MemberScores& validation,
                       const MemberScores& test, const PreparedData& data) {
  const bool has_test = data.test.rows() > 0;
  const MemberScores& members = has_test ? test : validation;
  const std::vector<float>& labels = has_test ? data.test.labels : data.validation.labels;
  std::vector<float> ensemble = fusion.combination.apply(members);
  fusion.decision.calibration.apply(ensemble);
  FusionReport report{.part = has_test ? "test" : "validation",
                      .members = {},
                      .ensemble = compute_metrics({.scores = ensemble, .labels = labels},
                                                  fusion.decision.threshold.threshold),
                      .best = best_member(validation, data.validation.labels),
                      .over_best = {},
                      .over_mean = gain_over_mean(members, ensemble, labels),
                      .diversity = {}};
  const std::vector<double>& thresholds = fusion.combination.thresholds();
  for (std::size_t i = 0; i < members.size(); ++i) {
    report.members.push_back(
        compute_metrics({.scores = members[i], .labels = labels}, thresholds[i]));
  }
  report.over_best = gain_over(members[report.best], ensemble, labels);
  const std::vector<double> even(members.size(), 1 / static_cast<double>(members.size()));
  report.diversity = measure_diversity(members, thresholds, even, labels);
  return report;
}

nlohmann::ordered_json to_json(const FusionReport& report) {
  nlohmann::ordered_json json = {{"part", report.part}, {"ensemble", to_json(report.ensemble)}};
  json["members"] = nlohmann::ordered_json::array();
  for (const Metrics& member : report.members) json["members"].push_back(to_json(member));
  json["best_member"] = report.best;
  json["gain_over_best_member"] = to_json(report.over_best);
  json["gain_over_mean_member"] = to_json(report.over_mean);
  json["diversity"] = to_json(report.diversity);
  return json;
}

std::string fusion_table(const FusionReport& report, std::span<const std::string> names) {
  TextTable table({"", "accuracy", "roc_auc", "pr_auc", "brier", "log_loss"});
  const auto add = [&](const std::string& name, const Metrics& metrics) {
    table.add({name, format_metric(metrics.accuracy), format_metric(metrics.roc_auc),
               format_metric(metrics.pr_auc), format_metric(metrics.brier),
               format_metric(metrics.log_loss)});
  };
  for (std::size_t i = 0; i < report.members.size(); ++i) {
    add(names[i] + (i == report.best ? " *" : ""), report.members[i]);
  }
  add("ensemble", report.ensemble);
  return fmt::format("on {} rows; *: best on validation rows\n{}\n{}{}{}", report.part,
                     table.to_text(), gain_line("the best member", report.over_best),
                     gain_line("the mean member", report.over_mean),
                     diversity_text(report.diversity));
}

}  // namespace ebb::churn
