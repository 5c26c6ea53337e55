#include "engine/optim/schedule.h"

#include <vector>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb {
namespace {

void expect_rates(const Schedule& schedule, const std::vector<double>& expected) {
  for (std::size_t step = 0; step < expected.size(); ++step) {
    EXPECT_NEAR(schedule(static_cast<std::int64_t>(step)), expected[step], 1e-15) << step;
  }
}

TEST(ScheduleTest, ConstantNeverChanges) {
  expect_rates(constant_schedule(0.25), {0.25, 0.25, 0.25});
}

// Computed by PyTorch 2: CosineAnnealingLR(T_max=8, eta_min=0.01) from 0.1.
TEST(ScheduleTest, CosineEqualsPyTorchAndStaysAtItsEnd) {
  const Schedule schedule = cosine_schedule(0.1, 0.01, 8);
  expect_rates(schedule, {0.1, 0.0965745789630079, 0.08681980515339463, 0.07222075445642905, 0.055,
                          0.03777924554357096, 0.023180194846605363, 0.013425421036992097, 0.01});
  EXPECT_EQ(schedule(1000), 0.01);
}

// Computed by PyTorch 2: OneCycleLR(max_lr=0.1, total_steps=10).
TEST(ScheduleTest, OneCycleEqualsPyTorchAndStaysAtItsEnd) {
  const Schedule schedule = one_cycle_schedule({.peak_learning_rate = 0.1, .total_steps = 10});
  expect_rates(schedule,
               {0.004, 0.052, 0.1, 0.09504846320134738, 0.0811745653949763, 0.06112620219362893,
                0.03887419780637107, 0.0188258346050237, 0.004951936798652629, 4e-07});
  EXPECT_NEAR(schedule(1000), 4e-7, 1e-20);
}

TEST(ScheduleTest, OneCycleIsDefinedForFewSteps) {
  for (std::int64_t total = 1; total <= 5; ++total) {
    const Schedule schedule = one_cycle_schedule({.peak_learning_rate = 0.1, .total_steps = total});
    for (std::int64_t step = 0; step <= total; ++step) {
      EXPECT_GE(schedule(step), 0.0) << step << " of " << total;
      EXPECT_LE(schedule(step), 0.1) << step << " of " << total;
    }
  }
}

TEST(ScheduleTest, WarmUpRisesToTheFirstRateAndThenFollows) {
  const Schedule after = cosine_schedule(0.1, 0.01, 8);
  expect_rates(with_warm_up(4, after), {0.025, 0.05, 0.075, 0.1, 0.1, 0.0965745789630079});
  expect_rates(with_warm_up(0, after), {0.1, 0.0965745789630079});
}

TEST(ScheduleTest, NamesTheValueOutOfRange) {
  const auto message = [](auto&& make) {
    try {
      make();
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message([] { constant_schedule(-1); }),
            "learning-rate schedule: learning_rate is -1, expected a finite number, 0 or more");
  EXPECT_EQ(message([] { cosine_schedule(0.1, 0, 0); }),
            "learning-rate schedule: total_steps is 0, expected 1 or more");
  EXPECT_EQ(message([] { one_cycle_schedule({.total_steps = 5, .rising_share = 1}); }),
            "learning-rate schedule: rising_share is 1, expected between 0 and 1");
  EXPECT_EQ(message([] { with_warm_up(-1, constant_schedule(0.1)); }),
            "learning-rate schedule: warm_up_steps is -1, expected 0 or more");
}

}  // namespace
}  // namespace ebb
