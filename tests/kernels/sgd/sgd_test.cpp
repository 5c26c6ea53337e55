#include "kernels/sgd/sgd.h"

#include <vector>

#include <gtest/gtest.h>

#include "kernels/sgd/sgd_reference.h"
#include "tests/kernels/support/ten_steps.h"
#include "tests/support/message_of.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::random_normal;

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
    Context context({}, threads);
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
}

}  // namespace
}  // namespace ebb::kernels
