#include "apps/churn/decision/cost_matrix.h"

#include <cmath>
#include <string_view>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

void check_wrong_costs_more(std::string_view wrong_name, double wrong, std::string_view right_name,
                            double right, std::string_view who) {
  if (std::isfinite(wrong) && std::isfinite(right) && wrong > right) return;
  fail<DataError>(
      "{} {} is not above {} {}: the wrong decision about {} must cost more than the right one, or "
      "one decision suits all",
      wrong_name, wrong, right_name, right, who);
}

}  // namespace

void check_cost_matrix(const CostMatrix& costs) {
  check_wrong_costs_more("false_negative_cost", costs.false_negative, "true_positive_cost",
                         costs.true_positive, "a leaver");
  check_wrong_costs_more("false_positive_cost", costs.false_positive, "true_negative_cost",
                         costs.true_negative, "a stayer");
}

double total_cost(const ConfusionMatrix& confusion, const CostMatrix& costs) {
  return costs.true_positive * confusion.true_positive +
         costs.false_positive * confusion.false_positive +
         costs.true_negative * confusion.true_negative +
         costs.false_negative * confusion.false_negative;
}

double break_even_probability(const CostMatrix& costs) {
  const double flag_too_many = costs.false_positive - costs.true_negative;
  const double flag_too_few = costs.false_negative - costs.true_positive;
  return flag_too_many / (flag_too_many + flag_too_few);
}

}  // namespace ebb::churn
