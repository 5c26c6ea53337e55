#include "kernels/adamw/adamw.h"

#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/adamw/adamw_reference.h"
#include "kernels/gradient_norm/gradient_norm.h"
#include "tests/kernels/support/ten_steps.h"
#include "tests/support/message_of.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::random_normal;
using ebb::testing::test_device;

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
    Context context(test_device(), threads);
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
TEST(AdamWTest, MomentsWithoutGradientsLeaveNoDenormals) {
  Buffer<float> parameters({20}, std::vector<float>(20, 0.5F));
  Buffer<float> first({20}, std::vector<float>(20, 1e-37F));
  Buffer<float> second({20}, std::vector<float>(20, 1.2e-38F));
  const Buffer<float> gradients({20}, std::vector<float>(20, 0.0F));
  const Segment segments[] = {{0, 20, 0.0F}};
  Context context(test_device(), 1);
  AdamWUpdate p;
  p.parameters = parameters.view();
  p.gradients = gradients.view();
  p.first_moment = first.view();
  p.second_moment = second.view();
  p.segments = segments;
  for (p.step = 1; p.step <= 100; ++p.step) adamw(context, p);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_NE(std::fpclassify(first[i]), FP_SUBNORMAL) << i;
    EXPECT_NE(std::fpclassify(second[i]), FP_SUBNORMAL) << i;
  }
}

/// One step with gradients of 0.25 over buffers that begin `shift` elements behind a pack.
struct OneStep {
  explicit OneStep(std::int64_t n, std::int64_t shift = 0) : size(n), begin(shift) {
    fill(parameters, 0.5F);
    fill(gradients, 0.25F);
    fill(first, 0.125F);
    fill(second, 0.0625F);
    fill(average, 0.75F);
    p.parameters = view(parameters);
    p.gradients = view(gradients);
    p.first_moment = view(first);
    p.second_moment = view(second);
    p.average = view(average);
    p.learning_rate = 0.01;
    p.step = 3;
  }
  // The views point into the buffers.
  OneStep(const OneStep&) = delete;
  OneStep& operator=(const OneStep&) = delete;

  void run() {
    Context context(test_device(), 1);
    p.segments = segments;
    adamw(context, p);
  }
  void fill(Buffer<float>& buffer, float value) const {
    std::fill_n(buffer.data(), buffer.size(), value);
  }
  View view(Buffer<float>& buffer) const { return {buffer.data() + begin, DType::f32, {size}}; }
  float parameter(std::int64_t i) const { return parameters[static_cast<std::size_t>(begin + i)]; }

  std::int64_t size;
  std::int64_t begin;
  Buffer<float> parameters{{size + begin}}, gradients{{size + begin}}, first{{size + begin}};
  Buffer<float> second{{size + begin}}, average{{size + begin}};
  std::vector<Segment> segments{{0, size, 0.1F}};
  AdamWUpdate p;
};

TEST(AdamWTest, GivesEveryElementItsSegmentHoweverManyThereAre) {
  OneStep decayed(1);
  OneStep plain(1);
  plain.segments[0].weight_decay = 0.0F;
  decayed.run();
  plain.run();
  ASSERT_NE(decayed.parameter(0), plain.parameter(0));
  for (const std::int64_t shift : {0, 1}) {
    for (const std::int64_t count : {1, 319, 320, 321, 641}) {
      // Runs of 0 to 8 elements, every third followed by a gap.
      std::vector<Segment> segments;
      std::vector<float> expected;
      for (std::int64_t s = 0; s < count; ++s) {
        const float weight_decay = s % 2 == 0 ? 0.1F : 0.0F;
        const auto begin = static_cast<std::int64_t>(expected.size());
        segments.push_back({begin, s % 9, weight_decay});
        expected.insert(expected.end(), static_cast<std::size_t>(s % 9),
                        (s % 2 == 0 ? decayed : plain).parameter(0));
        if (s % 3 == 0) expected.insert(expected.end(), static_cast<std::size_t>(1 + s % 5), 0.5F);
      }
      OneStep step(static_cast<std::int64_t>(expected.size()), shift);
      step.segments = segments;
      step.run();
      for (std::int64_t i = 0; i < step.size; ++i) {
        ASSERT_EQ(step.parameter(i), expected[static_cast<std::size_t>(i)])
            << "element " << i << " of " << count << " segments, shift " << shift;
      }
    }
  }
}

// More than a whole grid of single elements takes at once.
TEST(AdamWTest, ReachesEveryElementOfALongBuffer) {
  OneStep one(1);
  OneStep many(600001, 1);
  one.run();
  many.run();
  EXPECT_EQ(many.parameters[0], 0.5F);
  for (std::int64_t i = 0; i < many.size; ++i) ASSERT_EQ(many.parameter(i), one.parameter(0)) << i;
}

TEST(AdamWTest, DoesNothingWithoutElements) {
  OneStep step(0, 1);
  step.run();
  step.segments.clear();
  step.run();
  EXPECT_EQ(step.parameters[0], 0.5F);
}

TEST(AdamWTest, NaNStaysWithItsElement) {
  OneStep step(9);
  step.gradients[5] = std::numeric_limits<float>::quiet_NaN();
  step.run();
  for (std::int64_t i = 0; i < 9; ++i) EXPECT_EQ(std::isnan(step.parameter(i)), i == 5);
  EXPECT_TRUE(std::isnan(step.first[5]) && std::isnan(step.second[5]));
  EXPECT_TRUE(std::isnan(step.average[5]));
}

/// A step whose gradient is clipped by the norm that gradient_norm() left on the device.
struct ClippedStep : OneStep {
  ClippedStep(std::int64_t n, double limit) : OneStep(n), squares({gradient_norm_parts(n)}) {
    p.clipping = {.squares = squares.view(), .limit = limit, .norm = norm.view()};
  }
  void run_clipped() {
    Context context(test_device(), 1);
    p.segments = segments;
    gradient_norm(context, {.gradient = p.gradients, .squares = squares.view()});
    adamw(context, p);
  }

  Buffer<double> squares;
  Buffer<double> norm{{1}};
};

TEST(AdamWTest, ClipsByTheNormWithoutTheHost) {
  // n gradients of 1/4, scaled by 2: the norm is sqrt(n) / 2, exactly.
  for (const std::int64_t root : {1, 2, 64, 260}) {
    const std::int64_t n = root * root;
    const double norm = static_cast<double>(root) / 2.0;
    for (const double limit : {0.0, norm / 3.0, 2.0 * norm}) {
      ClippedStep clipped(n, limit);
      clipped.p.gradient_scale = 2.0;
      clipped.run_clipped();
      EXPECT_EQ(clipped.norm[0], norm);
      OneStep scaled(n);
      scaled.p.gradient_scale = 2.0 * clipping_scale(norm, limit);
      scaled.run();
      expect_same_bits("parameters", scaled.parameters, clipped.parameters);
      expect_same_bits("first_moment", scaled.first, clipped.first);
    }
  }
}

TEST(AdamWTest, ANormThatIsNaNClipsNothingElse) {
  ClippedStep clipped(5000, 0.125);
  clipped.gradients[4000] = std::numeric_limits<float>::quiet_NaN();
  clipped.run_clipped();
  OneStep plain(5000);
  plain.run();
  EXPECT_TRUE(std::isnan(clipped.norm[0]));
  for (std::int64_t i = 0; i < 5000; ++i) {
    if (i == 4000) continue;
    ASSERT_EQ(clipped.parameter(i), plain.parameter(i)) << i;
  }
}

TEST(AdamWTest, ReadsScalarsFromTheDevice) {
  OneStep expected(33);
  expected.p.gradient_scale = 0.5;
  expected.p.average_decay = 0.9;
  expected.run();
  const auto memory = ebb::testing::test_memory(sizeof(StepScalars));
  auto* scalars = new (memory.get()) StepScalars(adamw_scalars(expected.p));
  OneStep step(33);
  step.p.learning_rate = 7.0;
  step.p.step = 1;
  step.p.device_scalars = scalars;
  step.run();
  expect_same_bits("parameters", expected.parameters, step.parameters);
  expect_same_bits("average", expected.average, step.average);
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
  EXPECT_EQ(message([&](auto& p) { p.clipping.squares = gradients.view(); }),
            "adamw: squares has dtype f32, expected f64");
  EXPECT_EQ(message([&](auto& p) { p.clipping.norm = run.parameters.view(); }),
            "adamw: squares is missing");
  EXPECT_EQ(message([](auto& p) { p.step = 0; }), "adamw: step is 0, expected 1 or more");
  EXPECT_EQ(message([](auto& p) { p.beta2 = 1.0; }), "adamw: beta2 is 1, expected [0, 1)");
  EXPECT_EQ(message([](auto& p) { p.average_decay = 1.5; }),
            "adamw: average_decay is 1.5, expected [0, 1]");
  EXPECT_EQ(message([](auto& p) { p.epsilon = -1.0; }), "adamw: epsilon is -1, expected 0 or more");
  const Segment overlapping[] = {{0, 10, 0.0F}, {9, 3, 0.0F}};
  EXPECT_EQ(message([&](auto& p) { p.segments = overlapping; }),
            "adamw: segment 1 has begin 9 and count 3, expected a run within [10, 40)");
  const Segment outside[] = {{30, 11, 0.0F}};
  EXPECT_EQ(message([&](auto& p) { p.segments = outside; }),
            "adamw: segment 0 has begin 30 and count 11, expected a run within [0, 40)");
}

}  // namespace
}  // namespace ebb::kernels
