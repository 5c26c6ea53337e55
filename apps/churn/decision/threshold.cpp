#include "apps/churn/decision/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "apps/churn/metrics/confusion_matrix.h"
#include "apps/churn/metrics/ranking.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

/// Thresholds in (low, high] that all decide alike, and how good that decision is (higher: better).
struct Gap {
  double low;
  double high;
  double quality;

  double width() const { return high - low; }
};

double quality_of(const ConfusionMatrix& matrix, const ThresholdOptions& options) {
  switch (options.objective) {
    case ThresholdObjective::f1:
      return matrix.f1();
    case ThresholdObjective::accuracy:
      return matrix.accuracy();
    case ThresholdObjective::cost:
      return -total_cost(matrix, options.costs) / matrix.total();
    case ThresholdObjective::profit:
      return campaign_profit(matrix, options.campaign) / matrix.total();
    case ThresholdObjective::budget: {
      const double flagged = (matrix.true_positive + matrix.false_positive) / matrix.total();
      return flagged <= options.contact_share ? flagged : -flagged;
    }
  }
  fail("unknown threshold objective {}", static_cast<int>(options.objective));
}

/// From "nobody is flagged" to "everybody is", one gap per distinct score and one above all.
std::vector<Gap> gaps_between(const std::vector<ScoreGroup>& ranking,
                              const ThresholdOptions& options) {
  const ClassTotals totals = class_totals(ranking);
  ConfusionMatrix matrix{.true_positive = 0,
                         .false_positive = 0,
                         .true_negative = totals.negative,
                         .false_negative = totals.positive};
  // The topmost gap ends above 1, since even a score of exactly 1 must be able to stay unflagged.
  constexpr double kAboveOne = 1 + std::numeric_limits<float>::epsilon();
  std::vector<Gap> gaps{{ranking.front().score, kAboveOne, quality_of(matrix, options)}};
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    matrix.true_positive += ranking[i].positive;
    matrix.false_negative -= ranking[i].positive;
    matrix.false_positive += ranking[i].negative;
    matrix.true_negative -= ranking[i].negative;
    const double low = i + 1 < ranking.size() ? double{ranking[i + 1].score} : 0.0;
    gaps.push_back({low, ranking[i].score, quality_of(matrix, options)});
  }
  return gaps;
}

/// The widest run of best gaps; of equally wide ones the last, which is the lowest.
Gap widest_best_run(const std::vector<Gap>& gaps) {
  double best = gaps.front().quality;
  for (const Gap& gap : gaps) best = std::max(best, gap.quality);
  Gap widest{0, -1, best};
  Gap run{0, -1, best};
  bool in_run = false;
  for (const Gap& gap : gaps) {
    if (gap.quality == best) {
      run = in_run ? Gap{gap.low, run.high, best} : gap;
      if (run.width() >= widest.width()) widest = run;
    }
    in_run = gap.quality == best;
  }
  return widest;
}

double calibrated_threshold(const ThresholdOptions& options) {
  switch (options.objective) {
    case ThresholdObjective::f1:
    case ThresholdObjective::budget: {
      const double rate = options.training_base_rate;
      return rate > 0 && rate < 1 ? rate : 0.5;
    }
    case ThresholdObjective::accuracy:
      return 0.5;
    case ThresholdObjective::cost:
      return break_even_probability(options.costs);
    case ThresholdObjective::profit:
      return std::min(break_even_probability(options.campaign), 1.0);
  }
  fail("unknown threshold objective {}", static_cast<int>(options.objective));
}

ThresholdChoice fall_back(const ClassTotals& totals, const ThresholdOptions& options) {
  const double threshold = calibrated_threshold(options);
  const char* const what = totals.positive > 0   ? "holds only customers who left"
                           : totals.negative > 0 ? "holds no customer who left"
                                                 : "holds no rows";
  return {threshold, std::numeric_limits<double>::quiet_NaN(),
          fmt::format("the validation set {}, so the decision threshold could not be chosen on it; "
                      "{:.4g} is used, which suits the objective '{}' if probabilities are right",
                      what, threshold, to_string(options.objective))};
}

void check_options(const ThresholdOptions& options) {
  if (!(options.training_base_rate >= 0 && options.training_base_rate <= 1)) {
    fail<DataError>("training base rate {}; expected a share in [0, 1]",
                    options.training_base_rate);
  }
  if (!(options.contact_share > 0 && options.contact_share < 1)) {
    fail<DataError>("contact share {}; expected a share above 0 and below 1",
                    options.contact_share);
  }
  check_cost_matrix(options.costs);
  check_campaign(options.campaign);
}

}  // namespace

std::string_view to_string(ThresholdObjective objective) {
  switch (objective) {
    case ThresholdObjective::f1:
      return "f1";
    case ThresholdObjective::accuracy:
      return "accuracy";
    case ThresholdObjective::cost:
      return "cost";
    case ThresholdObjective::profit:
      return "profit";
    case ThresholdObjective::budget:
      return "budget";
  }
  fail("unknown threshold objective {}", static_cast<int>(objective));
}

ThresholdObjective parse_threshold_objective(std::string_view name) {
  for (const ThresholdObjective objective : kThresholdObjectives) {
    if (name == to_string(objective)) return objective;
  }
  fail<DataError>("threshold objective '{}'; expected f1, accuracy, cost, profit or budget", name);
}

ThresholdChoice choose_threshold(const ScoredRows& validation, const ThresholdOptions& options) {
  check_options(options);
  check_rows(validation);
  if (validation.kind != ScoreKind::probability) {
    fail("a decision threshold is chosen on probabilities, got logits");
  }
  const std::vector<ScoreGroup> ranking = rank_by_score(validation);
  const ClassTotals totals = class_totals(ranking);
  const bool needs_labels = options.objective != ThresholdObjective::budget;
  if (ranking.empty() || (needs_labels && (totals.positive == 0 || totals.negative == 0))) {
    return fall_back(totals, options);
  }

  const Gap best = widest_best_run(gaps_between(ranking, options));
  const double middle = best.low + best.width() / 2;
  const double value = options.objective == ThresholdObjective::cost ? -best.quality : best.quality;
  return {middle, value, std::nullopt};
}

}  // namespace ebb::churn
