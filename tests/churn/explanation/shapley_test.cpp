#include "apps/churn/explanation/shapley.h"

#include <bit>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/churn/support/encoded_rows.h"

namespace ebb::churn {
namespace {

using preprocessing::EncodedRows;

/// Exact values by their definition, over all coalitions: sum of |S|! (M - |S| - 1)! / M! times
/// what the column adds to S.
std::vector<double> exact_values(const LogitFunction& logits,
                                 const std::vector<FeatureColumn>& columns,
                                 const EncodedRows& background, const EncodedRows& rows,
                                 std::size_t row) {
  const std::size_t width = columns.size();
  std::vector<double> worth(std::size_t{1} << width, 0.0);
  for (std::size_t coalition = 0; coalition < worth.size(); ++coalition) {
    EncodedRows mixed = background;
    for (std::size_t i = 0; i < width; ++i) {
      if ((coalition >> i & 1) == 0) continue;
      for (std::size_t b = 0; b < mixed.rows; ++b) copy_column(columns[i], rows, row, mixed, b);
    }
    for (const float logit : logits(mixed)) {
      worth[coalition] += double{logit} / static_cast<double>(mixed.rows);
    }
  }
  std::vector<double> values(width, 0.0);
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t coalition = 0; coalition < worth.size(); ++coalition) {
      if ((coalition >> i & 1) != 0) continue;
      const int size = std::popcount(coalition);
      const double share = std::tgamma(size + 1.0) *
                           std::tgamma(static_cast<double>(width) - size) /
                           std::tgamma(static_cast<double>(width) + 1.0);
      values[i] += share * (worth[coalition | std::size_t{1} << i] - worth[coalition]);
    }
  }
  return values;
}

TEST(Shapley, OfASumOverColumnsIsExactWithAnyWalk) {
  const EncodedRows background = random_rows(12, 1);
  const EncodedRows rows = random_rows(7, 2);
  const std::vector<FeatureColumn> columns = example_columns();
  const ShapleyExplainer explainer(additive_logits, columns, background, {.pairs = 2});
  const Attributions found = explainer.explain(rows);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const std::vector<double> exact = exact_values(additive_logits, columns, background, rows, row);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      EXPECT_NEAR(found.value(row, i), exact[i], 1e-5) << row << ' ' << i;
      EXPECT_NEAR(found.errors[row * columns.size() + i], 0.0, 1e-5);
    }
  }
}

TEST(Shapley, SamplesAgreeWithAllCoalitionsWithinTheirErrors) {
  const EncodedRows background = random_rows(10, 3);
  const EncodedRows rows = random_rows(6, 4);
  const std::vector<FeatureColumn> columns = example_columns();
  const auto explain = [&](std::size_t pairs) {
    return ShapleyExplainer(mixed_logits, columns, background, {.pairs = pairs}).explain(rows);
  };
  const Attributions few = explain(40);
  const Attributions many = explain(4000);
  double squares = 0.0;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const std::vector<double> exact = exact_values(mixed_logits, columns, background, rows, row);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const double error = few.errors[row * columns.size() + i];
      // The walks between background rows are few, and their error is in no standard error.
      EXPECT_NEAR(many.value(row, i), exact[i], 0.06) << row << ' ' << i;
      EXPECT_NEAR(few.value(row, i), exact[i], 5 * error + 0.06) << row << ' ' << i;
      squares += error * error;
    }
  }
  EXPECT_GT(squares, 0.0);
  EXPECT_LT(few.largest_gap, 1e-9);
}

TEST(Shapley, AColumnThatTheModelIgnoresHasNoEffect) {
  const std::vector<FeatureColumn> columns = example_columns();
  const Attributions found =
      ShapleyExplainer(mixed_logits, columns, random_rows(8, 5), {}).explain(random_rows(5, 6));
  for (std::size_t row = 0; row < found.rows; ++row) EXPECT_EQ(found.value(row, kIgnored), 0.0);
}

TEST(Shapley, EqualRowsHaveEqualValuesWhereverTheyStand) {
  const std::vector<FeatureColumn> columns = example_columns();
  const ShapleyExplainer explainer(mixed_logits, columns, random_rows(8, 5), {});
  const EncodedRows rows = random_rows(5, 6);
  const std::size_t order[] = {4, 0, 4};
  const Attributions whole = explainer.explain(rows);
  const Attributions part = explainer.explain(take_rows(rows, order));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_EQ(part.value(0, i), whole.value(4, i));
    EXPECT_EQ(part.value(1, i), whole.value(0, i));
    EXPECT_EQ(part.value(2, i), whole.value(4, i));
  }
}

TEST(Shapley, RefusesWhatItCannotUse) {
  EXPECT_THROW(ShapleyExplainer(mixed_logits, example_columns(), random_rows(1, 1), {}), Error);
  EXPECT_THROW(ShapleyExplainer(mixed_logits, example_columns(), random_rows(4, 1), {.pairs = 1}),
               Error);
  const auto nan = [](const EncodedRows& rows) {
    return std::vector<float>(rows.rows, std::nanf(""));
  };
  EXPECT_THROW(ShapleyExplainer(nan, example_columns(), random_rows(4, 1), {}), DataError);
}

}  // namespace
}  // namespace ebb::churn
