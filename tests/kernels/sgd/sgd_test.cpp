#include "kernels/sgd/sgd.h"

#include <algorithm>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/gradient_norm/gradient_norm.h"
#include "kernels/sgd/sgd_reference.h"
#include "tests/kernels/support/ten_steps.h"
#include "tests/support/message_of.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::random_normal;
using ebb::testing::test_device;

struct Case {
  std::int64_t size;
  double momentum = 0.0;
  bool nesterov = false;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "size " << c.size << " momentum " << c.momentum << " nesterov " << c.nesterov;
}

template <class T>
struct TenSteps : ebb::testing::OptimizerRun<T, SgdUpdate> {
  using Base = ebb::testing::OptimizerRun<T, SgdUpdate>;
  using Base::for_each_step, Base::parameters, Base::average, Base::segments, Base::update;

  explicit TenSteps(const Case& c) : Base(c.size) {
    for (std::size_t i = 0; i < momentum.size(); ++i) momentum[i] = T{0};
    const std::int64_t half = c.size / 2;
    segments = {{0, half, 0.1F}, {half + 1, c.size - half - 1, 0.0F}};
    if (c.momentum != 0.0) update.momentum_buffer = momentum.view();
    update.segments = segments;
    update.momentum = c.momentum;
    update.nesterov = c.nesterov;
  }

  void run_reference() { for_each_step(reference::sgd<T>); }
  void run_kernel(int threads) {
    Context context(test_device(), threads);
    for_each_step([&](const SgdUpdate& p) { sgd(context, p); });
  }
  ebb::testing::NamedBuffers<T> outputs() const {
    return {{"parameters", &parameters}, {"momentum_buffer", &momentum}, {"average", &average}};
  }

  Buffer<T> momentum{parameters.shape()};
};

class SgdTest : public ::testing::TestWithParam<Case> {};

TEST_P(SgdTest, FollowsTheErrorRuleOverTenSteps) {
  ebb::testing::expect_error_rule_over_ten_steps<TenSteps>(GetParam());
}

TEST_P(SgdTest, HasEqualBitsForAnyNumberOfThreads) {
  ebb::testing::expect_equal_bits_for_any_threads<TenSteps>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cases, SgdTest,
                         ::testing::Values(Case{1}, Case{7}, Case{33, 0.9}, Case{257, 0.9, true},
                                           Case{70001, 0.5}));

TEST(SgdTest, LeavesPaddingAlone) {
  TenSteps<float> before({33, 0.9});
  TenSteps<float> after({33, 0.9});
  after.run_kernel(1);
  for (std::size_t i = 0; i < 33; ++i) {
    EXPECT_EQ(after.parameters[i] == before.parameters[i], i == 16) << i;
    EXPECT_EQ(after.momentum[i] == 0.0F, i == 16) << i;
  }
}

/// One step with gradients of 1/4 and momentum, over buffers that begin `shift` elements behind a
/// pack.
struct OneStep {
  explicit OneStep(std::int64_t n, std::int64_t shift = 0) {
    for (Buffer<float>* buffer : {&parameters, &gradients, &momentum, &average}) {
      *buffer = Buffer<float>({kMost}, std::vector<float>(kMost, 0.25F));
    }
    parameters[3] = 0x1p-127F;
    gradients[3] = 0x1p-130F;
    momentum[3] = 0x1p-127F;
    const auto view = [&](Buffer<float>& buffer) -> View {
      return {buffer.data() + shift, DType::f32, {n}};
    };
    p.parameters = view(parameters);
    p.gradients = view(gradients);
    p.momentum_buffer = view(momentum);
    p.average = view(average);
    p.momentum = 0.5;
    p.nesterov = true;
    segments = {{0, n, 0.1F}};
  }
  // The views point into the buffers.
  OneStep(const OneStep&) = delete;
  OneStep& operator=(const OneStep&) = delete;

  void run() {
    Context context(test_device(), 1);
    p.segments = segments;
    sgd(context, p);
  }

  static constexpr std::int64_t kMost = 65;
  Buffer<float> parameters{{kMost}}, gradients{{kMost}}, momentum{{kMost}}, average{{kMost}};
  std::vector<Segment> segments;
  SgdUpdate p;
};

TEST(SgdTest, TakesMemoryThatIsNotAlignedToAPack) {
  OneStep whole(65);
  OneStep shifted(64, 1);
  whole.run();
  shifted.run();
  EXPECT_EQ(shifted.parameters[0], 0.25F);
  for (std::size_t i = 1; i < 65; ++i) {
    EXPECT_EQ(shifted.parameters[i], whole.parameters[i]) << i;
    EXPECT_EQ(shifted.momentum[i], whole.momentum[i]) << i;
    EXPECT_EQ(shifted.average[i], whole.average[i]) << i;
  }
}

TEST(SgdTest, TakesDenormalsAsZero) {
  OneStep step(65);
  step.run();
  EXPECT_EQ(step.parameters[3], 0.0F);
  EXPECT_EQ(step.momentum[3], 0.0F);
}

TEST(SgdTest, ClipsByTheNormAndReadsScalarsFromTheDevice) {
  // 64 gradients of 1/4: the norm is 2.
  OneStep expected(64, 1);
  expected.gradients[3] = 0.25F;
  expected.p.gradient_scale = 0.5 * clipping_scale(0.5 * 2.0, 0.75);
  expected.p.learning_rate = 0.125;
  expected.p.average_decay = 0.5;
  expected.run();
  const auto memory = ebb::testing::test_memory(sizeof(StepScalars));
  auto* scalars = new (memory.get()) StepScalars(sgd_scalars(expected.p));
  scalars->gradient_scale = 0.5;
  OneStep step(64, 1);
  step.gradients[3] = 0.25F;
  Buffer<double> squares({gradient_norm_parts(64)});
  Buffer<double> norm({1});
  step.p.clipping = {.squares = squares.view(), .limit = 0.75, .norm = norm.view()};
  step.p.device_scalars = scalars;
  Context context(test_device(), 1);
  gradient_norm(context, {.gradient = step.p.gradients, .squares = squares.view()});
  step.run();
  EXPECT_EQ(norm[0], 1.0);
  expect_same_bits("parameters", expected.parameters, step.parameters);
  expect_same_bits("momentum", expected.momentum, step.momentum);
  expect_same_bits("average", expected.average, step.average);
}

// Computed by PyTorch 2: three steps of torch.optim.SGD.
TEST(SgdTest, EqualsPyTorch) {
  const std::vector<double> gradients[] = {{0.1, -2.0, 0.3}, {-0.4, 1.0, 0.0}, {0.25, 0.5, -3.0}};
  const std::vector<double> expected[] = {{0.49958719850000005, -1.21285947875, 2.0106709950000003},
                                          {0.4986293017115, -1.2079458492462498, 2.030643675705}};
  const Segment segments[] = {{0, 3, 0.1F}};
  for (const bool nesterov : {false, true}) {
    Buffer<double> parameters({3}, {0.5, -1.25, 2.0});
    Buffer<double> momentum({3}, {0, 0, 0});
    Context context({}, 1);
    SgdUpdate p;
    p.parameters = parameters.view();
    p.momentum_buffer = momentum.view();
    p.segments = segments;
    p.learning_rate = 0.01;
    p.momentum = 0.9;
    p.nesterov = nesterov;
    for (const auto& values : gradients) {
      const Buffer<double> gradient({3}, values);
      p.gradients = gradient.view();
      sgd(context, p);
    }
    // The decay of 0.1 is an f32, 1.5e-9 off.
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(parameters[i], expected[nesterov ? 1 : 0][i], 1e-9);
    }
  }
}

TEST(SgdTest, NamesWhatDoesNotFit) {
  TenSteps<float> run({8});
  const Buffer<float> gradients = random_normal<float>({8}, 2);
  run.update.gradients = gradients.view();
  Context context({}, 1);
  const auto message = [&](auto change) {
    SgdUpdate p = run.update;
    change(p);
    return ebb::testing::message_of<Error>([&] { sgd(context, p); });
  };
  EXPECT_EQ(message([](auto& p) { p.nesterov = true; }), "sgd: nesterov needs a momentum above 0");
  EXPECT_EQ(message([](auto& p) { p.momentum = 0.9; }), "sgd: momentum_buffer is missing");
  EXPECT_EQ(message([](auto& p) { p.momentum = -0.5; }), "sgd: momentum is -0.5, expected [0, 1)");
  EXPECT_EQ(message([](auto& p) { p.average_decay = -0.5; }),
            "sgd: average_decay is -0.5, expected [0, 1]");
}

}  // namespace
}  // namespace ebb::kernels
