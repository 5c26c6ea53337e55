// How the probabilities of several models become one.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"

namespace ebb::churn {

enum class CombinationMethod {
  mean,           ///< of probabilities: soft voting, the linear opinion pool (Stone 1961)
  log_odds_mean,  ///< of log-odds: the logarithmic pool (Genest and Zidek 1986)
  median,         ///< of probabilities
  majority,       ///< votes of members, each by its own threshold
  weighted,       ///< mean of probabilities by weights that are fitted
  stacking,       ///< logistic regression on log-odds (Wolpert 1992)
};
inline constexpr std::array kCombinationMethods = {
    CombinationMethod::mean,     CombinationMethod::log_odds_mean, CombinationMethod::median,
    CombinationMethod::majority, CombinationMethod::weighted,      CombinationMethod::stacking};

/// "mean", "log-odds-mean", "median", "majority", "weighted", "stacking".
std::string_view to_string(CombinationMethod method);
/// The inverse; DataError, listing the names, for any other text.
CombinationMethod parse_combination_method(std::string_view name);
/// Whether the method has parameters that are fitted to rows.
bool is_fitted(CombinationMethod method);

/// Probabilities by member, then by row.
using MemberScores = std::vector<std::vector<float>>;

/// From one probability of each member to one of all. Immutable.
class Combination {
 public:
  /// A lone member's probability as it is.
  Combination() = default;

  /// A method that has nothing to fit. `thresholds`: of the members, for their votes. Throws Error
  /// for another method, or no member.
  static Combination unfitted(CombinationMethod method, std::vector<double> thresholds);

  /// Fits to rows that the members were not trained on, each label 0 or 1:
  /// - weighted: the weights, not negative, of sum 1, by which the mean has the least log loss, a
  ///   convex problem (Jordan and Jacobs 1994; solved as in Kim, Carbonetto, Stephens and Anitescu
  ///   2020: least mean loss + sum of weights, over weights that are not negative);
  /// - stacking: logistic regression with an intercept and half of the sum of squared weights as
  ///   penalty of the summed loss, scikit-learn's default;
  /// other methods: as `unfitted`. Throws Error when lengths differ or there is no row or member.
  static Combination fit(CombinationMethod method, std::vector<double> thresholds,
                         const MemberScores& scores, std::span<const float> labels);

  [[nodiscard]] CombinationMethod method() const { return method_; }
  [[nodiscard]] std::size_t members() const { return thresholds_.size(); }
  [[nodiscard]] const std::vector<double>& thresholds() const { return thresholds_; }
  /// Of members: of a weighted mean or of log-odds in stacking; else all alike.
  [[nodiscard]] std::vector<double> weights() const;
  [[nodiscard]] double intercept() const { return intercept_; }

  /// Of one customer. Of the majority: (votes + a share of a vote) / (members + 1), where the share
  /// is the members' mean probability bent so that their mean threshold is 1/2. So it is 1/2 or
  /// more if and only if most members vote for it, or half of them where the mean probability has
  /// reached the mean threshold, and customers of equal votes keep an order.
  [[nodiscard]] float apply(std::span<const float> probabilities) const;
  /// Of each row. Throws Error for another number of members, or rows.
  [[nodiscard]] std::vector<float> apply(const MemberScores& scores) const;

  [[nodiscard]] nlohmann::ordered_json to_json() const;
  /// Throws DataError, which names the place, for what to_json does not write.
  static Combination from_json(const preprocessing::JsonReader& json);

  bool operator==(const Combination&) const = default;

 private:
  [[nodiscard]] double combine(std::span<const float> probabilities) const;
  [[nodiscard]] double majority(std::span<const float> probabilities) const;

  CombinationMethod method_ = CombinationMethod::mean;
  std::vector<double> thresholds_ = {0.5};
  std::vector<double> weights_;  // of weighted and stacking
  double intercept_ = 0.0;       // of stacking
};

}  // namespace ebb::churn
