#include "apps/churn/fusion/combination.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/fusion/projected_newton.h"
#include "apps/churn/metrics/confusion_matrix.h"
#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"

namespace ebb::churn {
namespace {

constexpr double kLeastProbability = std::numeric_limits<float>::epsilon();

double certain_at_most(double probability) {
  return std::clamp(probability, kLeastProbability, 1 - kLeastProbability);
}

double log_odds_of(double probability) {
  const double p = certain_at_most(probability);
  return std::log(p) - std::log1p(-p);
}

double inverse_log_odds(double log_odds) {
  const double e = std::exp(-std::abs(log_odds));
  return log_odds >= 0 ? 1 / (1 + e) : e / (1 + e);
}

double mean_of(std::span<const float> probabilities) {
  return std::accumulate(probabilities.begin(), probabilities.end(), 0.0) /
         static_cast<double>(probabilities.size());
}

double median_of(std::span<const float> probabilities) {
  std::vector<float> sorted(probabilities.begin(), probabilities.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (double{sorted[middle - 1]} + double{sorted[middle]}) / 2;
}

void check_shape(const MemberScores& scores, std::size_t members, std::size_t rows) {
  if (scores.size() != members || members == 0) {
    fail("combination: scores of {} members, expected {}", scores.size(), members);
  }
  for (const std::vector<float>& of_member : scores) {
    if (of_member.size() == rows) continue;
    fail("combination: {} scores of a member, expected {}", of_member.size(), rows);
  }
}

/// What a row adds to a sum: `slope` and `curvature` along its `features`.
void add_row(LocalShape& shape, std::span<const double> features, double slope, double curvature) {
  const std::size_t n = features.size();
  for (std::size_t i = 0; i < n; ++i) {
    shape.gradient[i] += slope * features[i];
    for (std::size_t j = 0; j < n; ++j) {
      shape.hessian[i * n + j] += curvature * features[i] * features[j];
    }
  }
}

LocalShape flat_shape(std::size_t n) {
  return {.value = 0.0,
          .gradient = std::vector<double>(n, 0.0),
          .hessian = std::vector<double>(n * n, 0.0)};
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Row-major [rows, members]: what each member gave to what then happened.
std::vector<double> likelihoods_of(const MemberScores& scores, std::span<const float> labels) {
  std::vector<double> likelihoods;
  likelihoods.reserve(labels.size() * scores.size());
  for (std::size_t row = 0; row < labels.size(); ++row) {
    for (const std::vector<float>& of_member : scores) {
      const double p = certain_at_most(of_member[row]);
      likelihoods.push_back(labels[row] == 1.0F ? p : 1 - p);
    }
  }
  return likelihoods;
}

std::vector<double> fit_weights(const MemberScores& scores, std::span<const float> labels) {
  const std::size_t members = scores.size();
  const std::vector<double> likelihoods = likelihoods_of(scores, labels);
  const double share = 1 / static_cast<double>(labels.size());
  const auto loss = [&](std::span<const double> weights) {
    LocalShape shape = flat_shape(members);
    shape.value = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::fill(shape.gradient.begin(), shape.gradient.end(), 1.0);
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const std::span<const double> features(likelihoods.data() + row * members, members);
      const double likelihood = dot(weights, features);
      shape.value -= share * std::log(likelihood);
      add_row(shape, features, -share / likelihood, share / (likelihood * likelihood));
    }
    return shape;
  };
  std::vector<double> weights = minimise(
      loss, std::vector<double>(members, 1 / static_cast<double>(members)), Domain::non_negative);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);  // 1 but for rounding
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// A weight of each member's log-odds, then the intercept.
std::vector<double> fit_stacking(const MemberScores& scores, std::span<const float> labels) {
  const std::size_t members = scores.size();
  std::vector<double> features;  // row-major [rows, members + 1]
  for (std::size_t row = 0; row < labels.size(); ++row) {
    for (const std::vector<float>& of_member : scores)
      features.push_back(log_odds_of(of_member[row]));
    features.push_back(1.0);
  }
  const auto loss = [&](std::span<const double> weights) {
    const std::size_t width = members + 1;
    LocalShape shape = flat_shape(width);
    for (std::size_t i = 0; i < members; ++i) {
      shape.value += weights[i] * weights[i] / 2;
      shape.gradient[i] = weights[i];
      shape.hessian[i * width + i] = 1.0;
    }
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const std::span<const double> of_row(features.data() + row * width, width);
      const double z = dot(weights, of_row);
      const double p = inverse_log_odds(z);
      shape.value +=
          std::max(z, 0.0) - z * double{labels[row]} + std::log1p(std::exp(-std::abs(z)));
      add_row(shape, of_row, p - double{labels[row]}, p * (1 - p));
    }
    return shape;
  };
  return minimise(loss, std::vector<double>(members + 1, 0.0), Domain::all);
}

}  // namespace

std::string_view to_string(CombinationMethod method) {
  switch (method) {
    case CombinationMethod::mean:
      return "mean";
    case CombinationMethod::log_odds_mean:
      return "log-odds-mean";
    case CombinationMethod::median:
      return "median";
    case CombinationMethod::majority:
      return "majority";
    case CombinationMethod::weighted:
      return "weighted";
    case CombinationMethod::stacking:
      return "stacking";
  }
  fail("unknown combination {}", static_cast<int>(method));
}

CombinationMethod parse_combination_method(std::string_view name) {
  for (const CombinationMethod method : kCombinationMethods) {
    if (name == to_string(method)) return method;
  }
  fail<DataError>(
      "combination \"{}\"; expected mean, log-odds-mean, median, majority, weighted or stacking",
      name);
}

bool is_fitted(CombinationMethod method) {
  return method == CombinationMethod::weighted || method == CombinationMethod::stacking;
}

Combination Combination::unfitted(CombinationMethod method, std::vector<double> thresholds) {
  if (is_fitted(method)) fail("a combination by {} has to be fitted", to_string(method));
  if (thresholds.empty()) fail("a combination of no members");
  Combination combination;
  combination.method_ = method;
  combination.thresholds_ = std::move(thresholds);
  return combination;
}

Combination Combination::fit(CombinationMethod method, std::vector<double> thresholds,
                             const MemberScores& scores, std::span<const float> labels) {
  check_shape(scores, thresholds.size(), labels.size());
  if (labels.empty()) fail("a combination cannot be fitted to no rows");
  if (!is_fitted(method)) return unfitted(method, std::move(thresholds));
  Combination combination;
  combination.method_ = method;
  combination.thresholds_ = std::move(thresholds);
  if (method == CombinationMethod::weighted) {
    combination.weights_ = fit_weights(scores, labels);
  } else {
    combination.weights_ = fit_stacking(scores, labels);
    combination.intercept_ = combination.weights_.back();
    combination.weights_.pop_back();
  }
  return combination;
}

std::vector<double> Combination::weights() const {
  if (!weights_.empty()) return weights_;
  return std::vector<double>(members(), 1 / static_cast<double>(members()));
}

double Combination::majority(std::span<const float> probabilities) const {
  std::size_t votes = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (is_flagged(probabilities[i], thresholds_[i])) ++votes;
  }
  const double threshold =
      std::accumulate(thresholds_.begin(), thresholds_.end(), 0.0) / static_cast<double>(members());
  const double mean = mean_of(probabilities);
  const double share = mean < threshold ? mean / threshold / 2
                       : threshold < 1  ? (1 + (mean - threshold) / (1 - threshold)) / 2
                                        : 0.5;
  return (static_cast<double>(votes) + share) / static_cast<double>(members() + 1);
}

double Combination::combine(std::span<const float> probabilities) const {
  switch (method_) {
    case CombinationMethod::mean:
      return mean_of(probabilities);
    case CombinationMethod::median:
      return median_of(probabilities);
    case CombinationMethod::majority:
      return majority(probabilities);
    case CombinationMethod::log_odds_mean: {
      double sum = 0.0;
      for (const float p : probabilities) sum += log_odds_of(p);
      return inverse_log_odds(sum / static_cast<double>(members()));
    }
    case CombinationMethod::weighted: {
      double sum = 0.0;
      for (std::size_t i = 0; i < probabilities.size(); ++i) sum += weights_[i] * probabilities[i];
      return sum;
    }
    case CombinationMethod::stacking: {
      double z = intercept_;
      for (std::size_t i = 0; i < probabilities.size(); ++i) {
        z += weights_[i] * log_odds_of(probabilities[i]);
      }
      return inverse_log_odds(z);
    }
  }
  fail("unknown combination {}", static_cast<int>(method_));
}

float Combination::apply(std::span<const float> probabilities) const {
  if (probabilities.size() != members()) {
    fail("combination: {} probabilities of {} members", probabilities.size(), members());
  }
  return static_cast<float>(std::clamp(combine(probabilities), 0.0, 1.0));
}

std::vector<float> Combination::apply(const MemberScores& scores) const {
  if (scores.empty()) fail("combination: no members");
  check_shape(scores, members(), scores.front().size());
  std::vector<float> combined(scores.front().size());
  constexpr std::size_t kRowsPerPart = 1024;
  preprocessing::parallel_ranges(combined.size(), members(), kRowsPerPart,
                                 [&](std::size_t begin, std::size_t end) {
                                   std::vector<float> of_row(members());
                                   for (std::size_t row = begin; row < end; ++row) {
                                     for (std::size_t i = 0; i < members(); ++i)
                                       of_row[i] = scores[i][row];
                                     combined[row] = apply(of_row);
                                   }
                                 });
  return combined;
}

nlohmann::ordered_json Combination::to_json() const {
  nlohmann::ordered_json json = {{"method", to_string(method_)}, {"thresholds", thresholds_}};
  if (is_fitted(method_)) json["weights"] = weights_;
  if (method_ == CombinationMethod::stacking) json["intercept"] = intercept_;
  return json;
}

Combination Combination::from_json(const preprocessing::JsonReader& json) {
  Combination combination;
  combination.method_ = json.member("method").parsed(parse_combination_method);
  switch (combination.method_) {
    case CombinationMethod::weighted:
      json.expect_keys({"method", "thresholds", "weights"});
      break;
    case CombinationMethod::stacking:
      json.expect_keys({"method", "thresholds", "weights", "intercept"});
      combination.intercept_ = json.member("intercept").number();
      break;
    default:
      json.expect_keys({"method", "thresholds"});
  }
  combination.thresholds_ = json.member("thresholds").numbers();
  if (combination.thresholds_.empty()) json.member("thresholds").refuse("expected one per member");
  for (const double threshold : combination.thresholds_) {
    if (threshold >= 0.0 && threshold <= 1.0) continue;
    json.member("thresholds").refuse(fmt::format("{}, expected 0 to 1", threshold));
  }
  if (!is_fitted(combination.method_)) return combination;
  combination.weights_ = json.member("weights").numbers();
  if (combination.weights_.size() != combination.members()) {
    json.member("weights").refuse(fmt::format("{} weights of {} members",
                                              combination.weights_.size(), combination.members()));
  }
  if (combination.method_ == CombinationMethod::weighted &&
      std::any_of(combination.weights_.begin(), combination.weights_.end(),
                  [](double weight) { return !(weight >= 0.0 && weight <= 1.0); })) {
    json.member("weights").refuse("expected 0 to 1");
  }
  return combination;
}

}  // namespace ebb::churn
