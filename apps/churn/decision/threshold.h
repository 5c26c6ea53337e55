// Turns probabilities into decisions: the threshold is chosen on validation data, for an objective.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "apps/churn/decision/campaign.h"
#include "apps/churn/decision/cost_matrix.h"
#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

enum class ThresholdObjective {
  f1,        ///< highest F1 of the customers who leave
  accuracy,  ///< highest share of right decisions
  cost,      ///< lowest cost of all decisions together
  profit,    ///< highest profit of a campaign that contacts whoever is flagged
  budget,    ///< as many flagged as a campaign can contact
};
inline constexpr std::array kThresholdObjectives = {
    ThresholdObjective::f1, ThresholdObjective::accuracy, ThresholdObjective::cost,
    ThresholdObjective::profit, ThresholdObjective::budget};

/// "f1", "accuracy", "cost", "profit", "budget".
std::string_view to_string(ThresholdObjective objective);
/// The inverse; DataError, listing the names, for any other text.
ThresholdObjective parse_threshold_objective(std::string_view name);

struct ThresholdOptions {
  ThresholdObjective objective = ThresholdObjective::f1;
  CostMatrix costs;            ///< for `cost`
  Campaign campaign;           ///< for `profit`
  double contact_share = 0.1;  ///< for `budget`: of all customers, those that can be contacted
  /// Share of leavers among the training rows: what F1 falls back on.
  double training_base_rate = 0.5;
};

struct ThresholdChoice {
  double threshold = 0.5;  ///< rows whose probability is at least this are flagged
  /// On the validation rows: F1 or accuracy, the mean cost or profit per customer, or the share
  /// that is flagged; NaN after a fallback.
  double objective_value = 0;
  /// Why validation could not choose: a sentence to show to the user. Empty when it could.
  std::optional<std::string> fallback_reason;
};

/// The threshold that is best on the validation rows. O(n log n).
///
/// Any threshold between two neighbouring scores decides alike, so only the gaps between them are
/// compared (0 and 1 are the outer neighbours). Best gaps that lie side by side count as one; of
/// those, the widest is taken, the lower one where two are equally wide (missing a leaver mostly
/// costs more), and the threshold is its middle: the choice that survives the largest shift of
/// scores. It does not depend on the order of the rows.
///
/// For a budget it is the lowest threshold that flags no more than contact_share; rows of equal
/// scores are flagged together or not at all.
///
/// With no rows, or rows of one class only (but for a budget, which asks for no labels), nothing
/// can be compared. Then the threshold is what would be right for calibrated probabilities:
/// accuracy 1/2, cost and profit break_even_probability(), at most 1,
/// and for F1 and a budget the training base rate (1/2 if that is 0 or 1); `fallback_reason` says
/// so.
///
/// Throws Error as `check_rows` does, and for logits; DataError unless training_base_rate lies in
/// [0, 1] and contact_share in (0, 1), and as `check_cost_matrix` and `check_campaign` do.
ThresholdChoice choose_threshold(const ScoredRows& validation, const ThresholdOptions& options);

}  // namespace ebb::churn
