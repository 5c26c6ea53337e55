#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/optim/early_stopping.h"
#include "engine/optim/reduce_on_plateau.h"

namespace ebb {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(EarlyStoppingTest, StopsAfterPatienceWithoutImprovement) {
  EarlyStopping stopping({.patience = 2});
  EXPECT_TRUE(stopping.observe(1.0));
  EXPECT_FALSE(stopping.observe(1.0));
  EXPECT_TRUE(stopping.observe(0.5));
  EXPECT_FALSE(stopping.observe(0.6));
  EXPECT_FALSE(stopping.should_stop());
  EXPECT_FALSE(stopping.observe(0.7));
  EXPECT_TRUE(stopping.should_stop());
  EXPECT_EQ(stopping.state().best, 0.5);
  EXPECT_EQ(stopping.state().best_observation, 3);
}

TEST(EarlyStoppingTest, CountsGainsAboveMinDeltaInEitherMode) {
  EarlyStopping higher({.patience = 1, .min_delta = 0.1, .mode = MetricMode::higher_is_better});
  EXPECT_TRUE(higher.observe(-3.0));
  EXPECT_TRUE(higher.observe(0.5));
  EXPECT_FALSE(higher.observe(0.55));
  EXPECT_TRUE(higher.should_stop());
}

TEST(EarlyStoppingTest, NeverTakesNaNForTheBest) {
  EarlyStopping stopping({.patience = 3});
  EXPECT_FALSE(stopping.observe(kNaN));
  EXPECT_TRUE(stopping.observe(2.0));
  EXPECT_FALSE(stopping.observe(kNaN));
  EXPECT_TRUE(stopping.observe(1.0));
  EXPECT_FALSE(stopping.should_stop());
}

TEST(EarlyStoppingTest, GoesOnFromItsState) {
  EarlyStopping first({.patience = 2});
  first.observe(1.0);
  first.observe(2.0);
  EarlyStopping second({.patience = 2});
  second.restore(first.state());
  EXPECT_FALSE(second.observe(1.5));
  EXPECT_TRUE(second.should_stop());
}

TEST(EarlyStoppingTest, RefusesOptionsOutOfRange) {
  EXPECT_THROW(EarlyStopping({.patience = 0}), DataError);
  EXPECT_THROW(EarlyStopping({.min_delta = kNaN}), DataError);
}

// Computed by PyTorch 2: ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, threshold=0,
// threshold_mode="abs").
TEST(ReduceOnPlateauTest, ReducesWhenPyTorchDoesAndGoesOnFromItsState) {
  const std::vector<double> values{5,   4,   4.2, 4.1,  4.3, 4.0, 4.5,
                                   4.4, 3.0, 3.5, kNaN, 3.4, 3.3, 3.2};
  const std::vector<double> scales{1, 1, 1, 1, .5, .5, .5, .5, .5, .5, .5, .25, .25, .25};
  const ReduceOnPlateauOptions options{.factor = 0.5, .patience = 2, .cooldown = 1};
  ReduceOnPlateauState state;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ReduceOnPlateau plateau(options);
    plateau.restore(state);
    const double before = plateau.scale();
    EXPECT_EQ(plateau.observe(values[i]), scales[i] < before) << i;
    EXPECT_EQ(plateau.scale(), scales[i]) << i;
    state = plateau.state();
  }
}

TEST(ReduceOnPlateauTest, StaysAtItsMinimum) {
  ReduceOnPlateau plateau({.factor = 0.1, .patience = 0, .min_scale = 0.05});
  plateau.observe(1.0);
  EXPECT_TRUE(plateau.observe(1.0));
  EXPECT_TRUE(plateau.observe(1.0));
  EXPECT_FALSE(plateau.observe(1.0));
  EXPECT_EQ(plateau.scale(), 0.05);
}

TEST(ReduceOnPlateauTest, RefusesOptionsOutOfRange) {
  EXPECT_THROW(ReduceOnPlateau({.factor = 1.0}), DataError);
  EXPECT_THROW(ReduceOnPlateau({.patience = -1}), DataError);
}

}  // namespace
}  // namespace ebb
