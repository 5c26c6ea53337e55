#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/explanation/partial_dependence.h"
#include "apps/churn/explanation/permutation_importance.h"
#include "tests/churn/support/encoded_rows.h"

namespace ebb::churn {
namespace {

using preprocessing::EncodedRows;
using ::testing::ElementsAre;

TEST(PermutationImportance, IsZeroForAnIgnoredColumnAndPositiveForTheOthers) {
  LabelledRows rows{random_rows(400, 1), {}, {}};
  for (const float logit : additive_logits(rows.features)) {
    rows.labels.push_back(logit > 1.0F ? 1.0F : 0.0F);
  }
  const std::vector<std::vector<std::size_t>> groups = {{0}, {kIgnored}, {1, 3}};
  const std::vector<GroupImportance> found =
      permutation_importance(additive_logits, example_columns(), groups, rows, {});
  EXPECT_EQ(found[1].log_loss_rise, 0.0);
  EXPECT_EQ(found[1].log_loss_error, 0.0);
  EXPECT_EQ(found[1].auc_fall, 0.0);
  for (const std::size_t group : {0U, 2U}) {
    EXPECT_GT(found[group].log_loss_rise, 3 * found[group].log_loss_error);
    EXPECT_GT(found[group].auc_fall, 3 * found[group].auc_error);
  }
  EXPECT_THROW(
      permutation_importance(additive_logits, example_columns(), groups, rows, {.deals = 1}),
      Error);
}

TEST(PermutationImportance, GroupsWhatGoesTogether) {
  EncodedRows rows = random_rows(300, 2);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    rows.numbers[row * 4 + 2] = -std::exp(rows.numbers[row * 4]);  // ranks reversed
  }
  EXPECT_THAT(associated_groups(example_columns(), rows, 0.7),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1), ElementsAre(3)));
  for (std::size_t row = 0; row < rows.rows; ++row) {
    rows.codes[row] = static_cast<std::int32_t>(rows.numbers[row * 4] + 2.0F);
  }
  EXPECT_THAT(associated_groups(example_columns(), rows, 0.7),
              ElementsAre(ElementsAre(0, 2, 3), ElementsAre(1)));
}

TEST(PartialDependence, FollowsTheFormula) {
  const EncodedRows rows = random_rows(50, 3);
  EncodedRows grid = random_rows(3, 4);
  for (std::size_t i = 0; i < 3; ++i) grid.numbers[i * 4] = static_cast<float>(i);
  const DependenceCurves curves =
      partial_dependence(additive_logits, example_columns()[0], rows, grid);
  ASSERT_EQ(curves.logits.size(), 50U);
  for (const std::vector<double>& curve : curves.logits) {
    EXPECT_NEAR(curve[1] - curve[0], 1.0, 1e-5);
    EXPECT_NEAR(curve[2] - curve[0], 4.0, 1e-5);
  }
  EXPECT_NEAR(curves.mean_logit[2] - curves.mean_logit[0], 4.0, 1e-5);
  EXPECT_GT(curves.mean_probability[2], curves.mean_probability[0]);
}

TEST(PartialDependence, GridsAreQuantilesOrTheFrequentTexts) {
  const double missing = preprocessing::kMissingNumber;
  EXPECT_THAT(grid_rows(preprocessing::number_column("x", {5, 1, missing, 3, 3, missing, 9}), 3),
              ElementsAre(1, 4, 6, 2));
  EXPECT_THAT(grid_rows(preprocessing::text_column("x", {"a", "b", "", "b", "c"}), 2),
              ElementsAre(1, 0, 2));
}

}  // namespace
}  // namespace ebb::churn
