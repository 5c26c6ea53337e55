// How much members of an ensemble differ, which is what it gains from.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/fusion/combination.h"

namespace ebb::churn {

/// Of two members on the same rows (Kuncheva and Whitaker 2003); NaN where undefined.
struct PairDiversity {
  std::size_t first = 0;
  std::size_t second = 0;
  double disagreement = 0;       ///< share of rows that one flags and the other does not
  double q_statistic = 0;        ///< Yule's Q of being right: 1 alike, 0 independent, -1 opposite
  double error_correlation = 0;  ///< Pearson's, of label - probability
};

/// The squared error of a mean of probabilities, taken apart (Krogh and Vedelsby 1995):
/// ensemble = members - ambiguity, exactly.
struct AmbiguityDecomposition {
  double members = 0;    ///< mean Brier score of the members, by weight
  double ambiguity = 0;  ///< mean squared distance of members from the ensemble, by weight
  double ensemble = 0;   ///< Brier score of the mean
};

struct Diversity {
  std::vector<PairDiversity> pairs;  ///< (0, 1), (0, 2), ..., (1, 2), ...
  AmbiguityDecomposition brier;

  /// Over the pairs in which it is defined; NaN for none.
  [[nodiscard]] double mean(double PairDiversity::*figure) const;
};

/// Of members that flag a row at their `thresholds`. `weights`, of sum 1, say which mean is taken
/// apart. Throws Error when lengths differ, or there is no row or member.
Diversity measure_diversity(const MemberScores& scores, std::span<const double> thresholds,
                            std::span<const double> weights, std::span<const float> labels);

/// {"pairs": [...], "disagreement": ..., "q_statistic": ..., "error_correlation": ...,
/// "brier": {"members": ..., "ambiguity": ..., "ensemble": ...}}; NaN as null.
nlohmann::ordered_json to_json(const Diversity& diversity);

/// For people: the means over pairs, and the sum that the Brier score is.
std::string diversity_text(const Diversity& diversity);

}  // namespace ebb::churn
