#include "apps/churn/decision/score_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/metrics/ranking.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

double logit_of(double probability) {
  constexpr double kLeast = std::numeric_limits<float>::epsilon();
  const double p = std::clamp(probability, kLeast, 1 - kLeast);
  return std::log(p) - std::log1p(-p);
}

double sigmoid(double logit) { return 1 / (1 + std::exp(-logit)); }

/// Weight by target of rows of one logit.
struct LogitGroup {
  double logit;
  double weight;
  double target;  // mean, by weight
};

std::vector<LogitGroup> with_targets(const std::vector<ScoreGroup>& ranking) {
  const ClassTotals totals = class_totals(ranking);
  const double positive_target = (totals.positive + 1) / (totals.positive + 2);
  const double negative_target = 1 / (totals.negative + 2);
  std::vector<LogitGroup> groups;
  for (const ScoreGroup& group : ranking) {
    const double weight = group.positive + group.negative;
    groups.push_back(
        {logit_of(group.score), weight,
         (group.positive * positive_target + group.negative * negative_target) / weight});
  }
  return groups;
}

double loss_of(const std::vector<LogitGroup>& groups, double slope, double offset) {
  double loss = 0;
  for (const LogitGroup& group : groups) {
    const double z = slope * group.logit + offset;
    loss +=
        group.weight * (std::max(z, 0.0) - z * group.target + std::log1p(std::exp(-std::abs(z))));
  }
  return loss;
}

/// Equal neighbours in a rising order, pooled.
struct Block {
  double first;  // scores from, to
  double last;
  double weight;
  double positive;

  [[nodiscard]] double mean() const { return positive / weight; }
};

}  // namespace

std::string_view to_string(CalibrationMethod method) {
  switch (method) {
    case CalibrationMethod::none:
      return "none";
    case CalibrationMethod::temperature:
      return "temperature";
    case CalibrationMethod::platt:
      return "platt";
    case CalibrationMethod::isotonic:
      return "isotonic";
  }
  fail("unknown calibration method {}", static_cast<int>(method));
}

CalibrationMethod parse_calibration_method(std::string_view name) {
  for (const CalibrationMethod method : kCalibrationMethods) {
    if (name == to_string(method)) return method;
  }
  fail<DataError>("calibration \"{}\"; expected none, temperature, platt or isotonic", name);
}

// Newton's method with halved steps (Lin, Lin and Weng 2007).
ScoreCalibration::Logistic ScoreCalibration::fit_logistic(const ScoredRows& rows, bool has_offset) {
  constexpr int kMostSteps = 100;
  constexpr double kRidge = 1e-12;  // keeps the system regular where all logits are equal
  constexpr double kPrecise = 1e-12;
  const std::vector<LogitGroup> groups = with_targets(rank_by_score(rows));
  Logistic fitted;
  double loss = loss_of(groups, fitted.slope, fitted.offset);
  for (int step = 0; step < kMostSteps; ++step) {
    double slope_gradient = 0;
    double offset_gradient = 0;
    double slope_slope = kRidge;
    double slope_offset = 0;
    double offset_offset = kRidge;
    for (const LogitGroup& group : groups) {
      const double p = sigmoid(fitted.slope * group.logit + fitted.offset);
      const double residual = group.weight * (p - group.target);
      const double curvature = group.weight * p * (1 - p);
      slope_gradient += residual * group.logit;
      offset_gradient += residual;
      slope_slope += curvature * group.logit * group.logit;
      slope_offset += curvature * group.logit;
      offset_offset += curvature;
    }
    if (!has_offset) offset_gradient = slope_offset = 0;
    const double determinant = slope_slope * offset_offset - slope_offset * slope_offset;
    const double slope_step =
        (offset_offset * slope_gradient - slope_offset * offset_gradient) / determinant;
    const double offset_step =
        (slope_slope * offset_gradient - slope_offset * slope_gradient) / determinant;
    double part = 1.0;
    Logistic next;
    double next_loss = loss;
    do {
      next = {fitted.slope - part * slope_step, fitted.offset - part * offset_step};
      next_loss = loss_of(groups, next.slope, next.offset);
      part /= 2;
    } while (next_loss > loss && part > kPrecise);
    const double gain = loss - next_loss;
    if (gain > 0) {
      fitted = next;
      loss = next_loss;
    }
    if (gain <= kPrecise * (1 + std::abs(loss))) break;
  }
  return fitted;
}

// Pool adjacent violators: a block that is not above the one before it joins that.
ScoreCalibration::Steps ScoreCalibration::fit_steps(const ScoredRows& rows) {
  std::vector<Block> blocks;
  const std::vector<ScoreGroup> ranking = rank_by_score(rows);
  for (auto group = ranking.rbegin(); group != ranking.rend(); ++group) {
    Block block{group->score, group->score, group->positive + group->negative, group->positive};
    while (!blocks.empty() && blocks.back().mean() >= block.mean()) {
      block = {blocks.back().first, block.last, blocks.back().weight + block.weight,
               blocks.back().positive + block.positive};
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  Steps steps;
  for (const Block& block : blocks) {
    for (const double score : {block.first, block.last}) {
      if (!steps.scores.empty() && steps.scores.back() == score) continue;
      steps.scores.push_back(score);
      steps.probabilities.push_back(block.mean());
    }
  }
  return steps;
}

ScoreCalibration ScoreCalibration::fit(const ScoredRows& validation, CalibrationMethod method) {
  check_rows(validation);
  if (validation.kind != ScoreKind::probability) {
    fail("scores are calibrated as probabilities, got logits");
  }
  ScoreCalibration calibration;
  if (method == CalibrationMethod::none) return calibration;
  const ClassTotals totals = class_totals(rank_by_score(validation));
  if (totals.positive == 0 || totals.negative == 0) {
    calibration.why_ = "not calibrated: the validation rows do not hold both classes";
    return calibration;
  }
  if (method == CalibrationMethod::isotonic) {
    calibration.steps_ = fit_steps(validation);
  } else {
    calibration.logistic_ = fit_logistic(validation, method == CalibrationMethod::platt);
  }
  const std::vector<double>& steps = calibration.steps_.probabilities;
  const bool rises = method == CalibrationMethod::isotonic ? steps.front() < steps.back()
                                                           : calibration.logistic_.slope > 0;
  if (!rises) {
    ScoreCalibration identity;
    identity.why_ = "not calibrated: on the validation rows leavers do not score above stayers";
    return identity;
  }
  calibration.method_ = method;
  calibration.describe();
  return calibration;
}

void ScoreCalibration::describe() {
  switch (method_) {
    case CalibrationMethod::none:
      return;
    case CalibrationMethod::temperature:
      why_ = fmt::format("temperature {:.4g}: logits are divided by it", 1 / logistic_.slope);
      return;
    case CalibrationMethod::platt:
      why_ =
          fmt::format("logits times {:.4g} plus {:.4g} (Platt)", logistic_.slope, logistic_.offset);
      return;
    case CalibrationMethod::isotonic:
      why_ = fmt::format("a rising line through {} points (isotonic)", steps_.scores.size());
      return;
  }
}

float ScoreCalibration::apply(float probability) const {
  if (method_ == CalibrationMethod::none || std::isnan(probability)) return probability;
  if (method_ != CalibrationMethod::isotonic) {
    return static_cast<float>(sigmoid(logistic_.slope * logit_of(probability) + logistic_.offset));
  }
  const std::vector<double>& scores = steps_.scores;
  const auto above = std::lower_bound(scores.begin(), scores.end(), double{probability});
  if (above == scores.begin()) return static_cast<float>(steps_.probabilities.front());
  if (above == scores.end()) return static_cast<float>(steps_.probabilities.back());
  const auto i = static_cast<std::size_t>(above - scores.begin());
  const double part = (probability - scores[i - 1]) / (scores[i] - scores[i - 1]);
  const double low = steps_.probabilities[i - 1];
  return static_cast<float>(low + part * (steps_.probabilities[i] - low));
}

void ScoreCalibration::apply(std::span<float> probabilities) const {
  for (float& probability : probabilities) probability = apply(probability);
}

nlohmann::json ScoreCalibration::to_json() const {
  const nlohmann::json method = to_string(method_);
  if (method_ == CalibrationMethod::none) return {{"method", method}, {"why", why_}};
  if (method_ == CalibrationMethod::isotonic) {
    return {{"method", method}, {"scores", steps_.scores}, {"probabilities", steps_.probabilities}};
  }
  return {{"method", method}, {"slope", logistic_.slope}, {"offset", logistic_.offset}};
}

ScoreCalibration ScoreCalibration::from_json(const preprocessing::JsonReader& json) {
  ScoreCalibration calibration;
  calibration.method_ = json.member("method").parsed(parse_calibration_method);
  switch (calibration.method_) {
    case CalibrationMethod::none:
      json.expect_keys({"method", "why"});
      calibration.why_ = json.member("why").text();
      return calibration;
    case CalibrationMethod::temperature:
    case CalibrationMethod::platt:
      json.expect_keys({"method", "slope", "offset"});
      calibration.logistic_ = {json.member("slope").number(), json.member("offset").number()};
      if (!(calibration.logistic_.slope > 0)) json.member("slope").refuse("expected above 0");
      break;
    case CalibrationMethod::isotonic: {
      json.expect_keys({"method", "scores", "probabilities"});
      calibration.steps_ = {json.member("scores").numbers(),
                            json.member("probabilities").numbers()};
      const auto& [scores, probabilities] = calibration.steps_;
      if (scores.size() < 2 || std::adjacent_find(scores.begin(), scores.end(),
                                                  std::greater_equal<>()) != scores.end()) {
        json.member("scores").refuse("expected at least two, ascending");
      }
      if (probabilities.size() != scores.size() ||
          !std::is_sorted(probabilities.begin(), probabilities.end()) ||
          probabilities.front() < 0 || probabilities.back() > 1) {
        json.member("probabilities").refuse("expected one per score, from 0 to 1, not falling");
      }
      break;
    }
  }
  calibration.describe();
  return calibration;
}

}  // namespace ebb::churn
