#include "kernels/adamw/adamw.h"

#include <vector>

#include <gtest/gtest.h>

#include "kernels/adamw/adamw_reference.h"
#include "tests/kernels/support/ten_steps.h"
#include "tests/support/message_of.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::random_normal;

/// Two segments with a gap of 3 after the first third, or one of everything.
template <class T>
struct TenSteps : ebb::testing::OptimizerRun<T, AdamWUpdate> {
  using Base = ebb::testing::OptimizerRun<T, AdamWUpdate>;
  using Base::for_each_step, Base::parameters, Base::average, Base::segments, Base::update;

  explicit TenSteps(std::int64_t n, bool averaged = true) : Base(n) {
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = second[i] = T{0};
    if (n < 6) {
      segments = {{0, n, 0.1F}};
    } else {
      segments = {{0, n / 3, 0.1F}, {n / 3 + 3, n - n / 3 - 3, 0.0F}};
    }
    update.first_moment = first.view();
    update.second_moment = second.view();
    if (!averaged) update.average = {};
    update.segments = segments;
    update.learning_rate = 0.01;
  }

  void run_reference() { for_each_step(reference::adamw<T>); }
  void run_kernel(int threads) {
    Context context({}, threads);
    for_each_step([&](const AdamWUpdate& p) { adamw(context, p); });
  }
  ebb::testing::NamedBuffers<T> outputs() const {
    return {{"parameters", &parameters},
            {"first_moment", &first},
            {"second_moment", &second},
            {"average", &average}};
  }

  Buffer<T> first{parameters.shape()}, second{parameters.shape()};
};

class AdamWTest : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(AdamWTest, FollowsTheErrorRuleOverTenSteps) {
  ebb::testing::expect_error_rule_over_ten_steps<TenSteps>(GetParam());
}

TEST_P(AdamWTest, HasEqualBitsForAnyNumberOfThreads) {
  ebb::testing::expect_equal_bits_for_any_threads<TenSteps>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Sizes, AdamWTest, ::testing::Values(1, 7, 31, 33, 257, 70001));

TEST(AdamWTest, LeavesPaddingAlone) {
  TenSteps<float> before(40);
  TenSteps<float> after(40);
  after.run_kernel(1);
  for (std::size_t i = 0; i < 40; ++i) {
    const bool padding = i >= 13 && i < 16;
    EXPECT_EQ(after.parameters[i] == before.parameters[i], padding) << i;
    EXPECT_EQ(after.first[i] == 0.0F, padding) << i;
    EXPECT_EQ(after.second[i] == 0.0F, padding) << i;
    EXPECT_EQ(after.average[i] == before.average[i], padding) << i;
  }
}

TEST(AdamWTest, NeedsNoAverage) {
  TenSteps<float> with(33);
  TenSteps<float> without(33, false);
  with.run_kernel(1);
  without.run_kernel(1);
  expect_same_bits("parameters", with.parameters, without.parameters);
}

// As IEEE numbers they would stay at 4 and 500 units of 1.4e-45, and slow every later step.
TEST(AdamWTest, MomentsWithoutGradientsFadeToZero) {
  Buffer<float> parameters({20}, std::vector<float>(20, 0.5F));
  Buffer<float> first({20}, std::vector<float>(20, 1e-37F));
  Buffer<float> second({20}, std::vector<float>(20, 1.2e-38F));
  const Buffer<float> gradients({20}, std::vector<float>(20, 0.0F));
  const Segment segments[] = {{0, 20, 0.0F}};
  Context context({}, 1);
  AdamWUpdate p;
  p.parameters = parameters.view();
  p.gradients = gradients.view();
  p.first_moment = first.view();
  p.second_moment = second.view();
  p.segments = segments;
  for (p.step = 1; p.step <= 100; ++p.step) adamw(context, p);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(first[i], 0.0F) << i;
    EXPECT_EQ(second[i], 0.0F) << i;
  }
}

// Computed by PyTorch 2: three steps of torch.optim.AdamW.
TEST(AdamWTest, EqualsPyTorch) {
  const std::vector<double> gradients[] = {{0.1, -2.0, 0.3}, {-0.4, 1.0, 0.0}, {0.25, 0.5, -3.0}};
  Buffer<double> parameters({3}, {0.5, -1.25, 2.0});
  Buffer<double> first({3}, {0, 0, 0});
  Buffer<double> second({3}, {0, 0, 0});
  const Segment segments[] = {{0, 3, 0.1F}};
  Context context({}, 1);
  AdamWUpdate p;
  p.parameters = parameters.view();
  p.first_moment = first.view();
  p.second_moment = second.view();
  p.segments = segments;
  p.learning_rate = 0.01;
  p.beta2 = 0.95;
  for (p.step = 1; p.step <= 3; ++p.step) {
    const Buffer<double> gradient({3}, gradients[p.step - 1]);
    p.gradients = gradient.view();
    adamw(context, p);
  }
  // The decay of 0.1 is an f32, 1.5e-9 off.
  EXPECT_NEAR(parameters[0], 0.49443225129811547, 1e-10);
  EXPECT_NEAR(parameters[1], -1.232967564442766, 1e-10);
  EXPECT_NEAR(parameters[2], 1.982948046485248, 1e-10);
}

TEST(AdamWTest, NamesWhatDoesNotFit) {
  TenSteps<float> run(40);
  const Buffer<float> gradients = random_normal<float>({40}, 2);
  run.update.gradients = gradients.view();
  Context context({}, 1);
  const auto message = [&](auto change) {
    AdamWUpdate p = run.update;
    change(p);
    return ebb::testing::message_of<Error>([&] { adamw(context, p); });
  };
  EXPECT_EQ(message([](auto& p) { p.gradients.shape = {39}; }),
            "adamw: gradients is [39], expected [40] (as parameters)");
  EXPECT_EQ(message([](auto& p) { p.step = 0; }), "adamw: step is 0, expected 1 or more");
  EXPECT_EQ(message([](auto& p) { p.beta2 = 1.0; }), "adamw: beta2 is 1, expected [0, 1)");
  const Segment overlapping[] = {{0, 10, 0.0F}, {9, 3, 0.0F}};
  EXPECT_EQ(message([&](auto& p) { p.segments = overlapping; }),
            "adamw: segment 1 has begin 9 and count 3, expected a run within [10, 40)");
  const Segment outside[] = {{30, 11, 0.0F}};
  EXPECT_EQ(message([&](auto& p) { p.segments = outside; }),
            "adamw: segment 0 has begin 30 and count 11, expected a run within [0, 40)");
}

}  // namespace
}  // namespace ebb::kernels
