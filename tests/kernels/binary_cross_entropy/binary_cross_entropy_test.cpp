#include "kernels/binary_cross_entropy/binary_cross_entropy.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/binary_cross_entropy/binary_cross_entropy_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/finite_differences.h"
#include "tests/support/message_of.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::ErrorRule;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::for_each_backend;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;
using ebb::testing::Statistic;
using ebb::testing::test_device;
using ebb::testing::to_double;
using ebb::testing::to_number;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  std::int64_t rows;
  bool weighted = false;
  bool ignoring = false;
  double positive_weight = 1.0;
  double smoothing = 0.0;
  double scale = 3.0;  // of the logits
  double focusing = 0.0;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "rows " << c.rows << " weighted " << c.weighted << " ignoring " << c.ignoring
       << " positive_weight " << c.positive_weight << " smoothing " << c.smoothing << " scale "
       << c.scale << " focusing " << c.focusing;
}

template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c), logits(random_normal<T>({c.rows}, 1, c.scale)), weights({c.rows}) {
    const auto draws = random_normal<T>({c.rows}, 2);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      // Hard labels, and every fifth a soft one.
      targets[i] = to_number<T>(i % 5 == 4 ? 0.25 : to_double(draws[i]) > 0 ? 1.0 : 0.0);
      weights[i] = to_number<T>(static_cast<double>(i % 7) * 0.5);
      ignored[i] = i % 3 == 1;
      if (c.ignoring && ignored[i] != 0) logits[i] = to_number<T>(kNaN);
    }
  }

  BinaryCrossEntropy parameters() {
    BinaryCrossEntropy p;
    p.logits = logits.view();
    p.targets = targets.view();
    if (spec.weighted) p.sample_weights = weights.view();
    if (spec.ignoring) p.ignored = ignored.view();
    p.positive_weight = spec.positive_weight;
    p.label_smoothing = spec.smoothing;
    p.focusing = spec.focusing;
    p.loss = loss.view();
    p.grad_logits = grad.view();
    return p;
  }

  Case spec;
  Buffer<T> logits, weights;
  Buffer<T> targets{logits.shape()};
  Buffer<std::uint8_t> ignored{logits.shape()};
  Buffer<Statistic<T>> loss{Shape{}};
  Buffer<T> grad{logits.shape()};
};

template <class T>
void run_kernel(Operands<T>& operands, int threads) {
  Context context(test_device(), threads);
  binary_cross_entropy(context, operands.parameters());
}

class BinaryCrossEntropyTest : public ::testing::TestWithParam<Case> {};

TEST_P(BinaryCrossEntropyTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    reference::binary_cross_entropy<double>(oracle.parameters());
    reference::binary_cross_entropy<float>(naive.parameters());
    Operands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("loss", actual.loss, naive.loss, oracle.loss, kForwardRule);
    expect_within("grad_logits", actual.grad, naive.grad, oracle.grad, kGradientRule);
  });
}

TEST_P(BinaryCrossEntropyTest, HasEqualBitsForAnyNumberOfThreadsAndEveryTime) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> first(GetParam());
    run_kernel(first, 1);
    for (const int threads : ebb::testing::kThreadCounts) {
      Operands<T> other(GetParam());
      run_kernel(other, threads);
      expect_same_bits("loss", first.loss, other.loss);
      expect_same_bits("grad_logits", first.grad, other.grad);
      if (test_device().is_cuda()) break;  // threads mean nothing there
    }
  });
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BinaryCrossEntropyTest,
    ::testing::Values(Case{.rows = 1}, Case{.rows = 7, .smoothing = 0.1},
                      Case{.rows = 31, .positive_weight = 2.5}, Case{.rows = 33, .weighted = true},
                      Case{.rows = 257, .ignoring = true},
                      Case{.rows = 1000, .weighted = true, .ignoring = true, .smoothing = 0.2},
                      Case{.rows = 64, .scale = 1e4},
                      Case{.rows = 64, .scale = 1e4, .focusing = 2.0},
                      Case{.rows = 1003, .weighted = true, .smoothing = 0.1, .focusing = 2.0},
                      Case{.rows = 50, .ignoring = true, .positive_weight = 3.0, .focusing = 0.5},
                      Case{.rows = 4099, .ignoring = true}, Case{.rows = 30011, .weighted = true}));

// The bits of a gradient do not depend on what is moved at once.
TEST(BinaryCrossEntropyTest, TakesMemoryThatIsNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const Case spec{.rows = 4200, .weighted = true, .ignoring = true};
    Operands<T> aligned(spec);
    run_kernel(aligned, 1);
    for (const int shifted : {0, 1, 2, 3, 4}) {
      SCOPED_TRACE(shifted);
      const Shape longer{spec.rows + 1};
      Buffer<T> shifted_logits(longer), shifted_targets(longer), shifted_weights(longer);
      Buffer<T> gradient(longer);
      Buffer<std::uint8_t> shifted_ignored(longer);
      const auto rows = static_cast<std::size_t>(spec.rows);
      std::copy_n(aligned.logits.data(), rows, shifted_logits.data() + 1);
      std::copy_n(aligned.targets.data(), rows, shifted_targets.data() + 1);
      std::copy_n(aligned.weights.data(), rows, shifted_weights.data() + 1);
      std::copy_n(aligned.ignored.data(), rows, shifted_ignored.data() + 1);
      Operands<T> found(spec);
      BinaryCrossEntropy p = found.parameters();
      if (shifted == 0) p.logits.data = shifted_logits.data() + 1;
      if (shifted == 1) p.targets.data = shifted_targets.data() + 1;
      if (shifted == 2) p.sample_weights.data = shifted_weights.data() + 1;
      if (shifted == 3) p.ignored.data = shifted_ignored.data() + 1;
      if (shifted == 4) p.grad_logits.data = gradient.data() + 1;
      Context context(test_device(), 1);
      binary_cross_entropy(context, p);
      if (shifted == 4) std::copy_n(gradient.data() + 1, rows, found.grad.data());
      expect_same_bits("grad_logits", aligned.grad, found.grad);
    }
  });
}

TEST(BinaryCrossEntropyTest, HasTheGradientOfItsFiniteDifferences) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  for (const double focusing : {0.0, 0.5, 2.0}) {
    Operands<double> operands({.rows = 13,
                               .weighted = true,
                               .positive_weight = 1.7,
                               .smoothing = 0.1,
                               .focusing = focusing});
    Context context(test_device(), 1);
    const auto loss = [&] {
      binary_cross_entropy(context, operands.parameters());
      return operands.loss[0];
    };
    loss();
    const Buffer<double> gradient = operands.grad;
    ebb::testing::expect_gradient("grad_logits", gradient, operands.logits, loss);
  }
}

// Computed by PyTorch 2: F.binary_cross_entropy_with_logits with weight and pos_weight, reduction
// "sum", over the sum of the weights, on targets smoothed by hand.
TEST(BinaryCrossEntropyTest, EqualsPyTorch) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Buffer<double> logits({4}, {0.5, -1.25, 2.0, -3.0});
  Buffer<double> targets({4}, {1, 0, 0.25, 1});
  Buffer<double> weights({4}, {1, 0.5, 2, 1.5});
  Buffer<double> loss{Shape{}};
  Buffer<double> grad({4});
  Context context(test_device(), 1);
  binary_cross_entropy(context, {.logits = logits.view(),
                                 .targets = targets.view(),
                                 .sample_weights = weights.view(),
                                 .ignored = {},
                                 .positive_weight = 2.5,
                                 .label_smoothing = 0.1,
                                 .loss = loss.view(),
                                 .grad_logits = grad.view()});
  EXPECT_NEAR(loss[0], 3.102196338081156, 1e-14);
  const double expected[] = {-0.17310722436710055, 0.011440264923720701, 0.22265034905750358,
                             -0.6779976772633202};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-15);
}

// By the formula in the paper, -alpha_t (1 - p_t)^gamma log(p_t), and its derivative, in Python.
TEST(BinaryCrossEntropyTest, EqualsThePublishedFocalLoss) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Buffer<double> logits({4}, {0.5, -1.25, 2.0, -3.0});
  Buffer<double> targets({4}, {1, 0, 0, 1});
  Buffer<double> loss{Shape{}};
  Buffer<double> grad({4});
  Context context(test_device(), 1);
  BinaryCrossEntropy p;
  p.logits = logits.view();
  p.targets = targets.view();
  p.positive_weight = 3.0;
  p.focusing = 2.0;
  p.loss = loss.view();
  p.grad_logits = grad.view();
  binary_cross_entropy(context, p);
  EXPECT_NEAR(loss[0], 2.541033621368986, 1e-14);
  const double expected[] = {-0.10345274801318581, 0.0076172139330956045, 0.26917843261212043,
                             -0.8450624104761665};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-15);
}

TEST(BinaryCrossEntropyTest, KeepsLimitsAtInfinityAndNaN) {
  struct Limit {
    float logit, target, loss, gradient;
  };
  const Limit rows[] = {
      {1e4F, 1, 0, 0},       {1e4F, 0, 1e4F, 1},           {-1e4F, 1, 1e4F, -1},
      {kInfinity, 1, 0, 0},  {kInfinity, 0, kInfinity, 1}, {-kInfinity, 1, kInfinity, -1},
      {-kInfinity, 0, 0, 0}, {kNaN, 1, kNaN, kNaN},        {kNaN, 0, kNaN, kNaN}};
  std::vector<std::pair<Limit, double>> cases;
  for (const double focusing : {0.0, 0.5, 2.0}) {
    for (const Limit& row : rows) cases.emplace_back(row, focusing);
  }
  for_each_backend([&]<class> {
    for (const auto& [row, focusing] : cases) {
      SCOPED_TRACE(fmt::format("logit {} target {} focusing {}", row.logit, row.target, focusing));
      Buffer<float> logits({1}, {row.logit});
      Buffer<float> targets({1}, {row.target});
      Buffer<float> loss{Shape{}};
      Buffer<float> grad({1});
      Context context(test_device(), 1);
      BinaryCrossEntropy p;
      p.logits = logits.view();
      p.targets = targets.view();
      p.loss = loss.view();
      p.grad_logits = grad.view();
      p.focusing = focusing;
      binary_cross_entropy(context, p);
      EXPECT_TRUE(std::isnan(row.loss) ? std::isnan(loss[0]) : loss[0] == row.loss) << loss[0];
      EXPECT_TRUE(std::isnan(row.gradient) ? std::isnan(grad[0]) : grad[0] == row.gradient)
          << grad[0];
    }
  });
}

TEST(BinaryCrossEntropyTest, KeepsTheSmallLossOfASureAndRightAnswer) {
  for_each_backend([&]<class> {
    for (const float logit : {5.0F, 10.0F, 20.0F, 60.0F}) {
      Operands<float> operands({.rows = 1});
      operands.logits[0] = logit;
      operands.targets[0] = 1.0F;
      run_kernel(operands, 1);
      const double expected = std::log1p(std::exp(-static_cast<double>(logit)));
      EXPECT_NEAR(operands.loss[0] / expected, 1.0, 4e-7) << logit;
    }
  });
}

TEST(BinaryCrossEntropyTest, IsZeroWhenNoRowCounts) {
  Operands<float> operands({.rows = 5, .ignoring = true});
  for (std::size_t i = 0; i < 5; ++i) operands.ignored[i] = 1;
  run_kernel(operands, 1);
  EXPECT_EQ(operands.loss[0], 0.0F);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(operands.grad[i], 0.0F);

  Operands<float> empty({.rows = 0});
  run_kernel(empty, 1);
  EXPECT_EQ(empty.loss[0], 0.0F);
}

TEST(BinaryCrossEntropyTest, SumsShardsToTheWholeBatch) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Operands<double> whole({.rows = 40});
  Context context(test_device(), 1);
  binary_cross_entropy(context, whole.parameters());
  double total = 0.0;
  for (std::int64_t first = 0; first < 40; first += 10) {
    BinaryCrossEntropy shard = whole.parameters();
    Buffer<double> loss{Shape{}};
    shard.logits = {whole.logits.data() + first, DType::f64, {10}};
    shard.targets = {whole.targets.data() + first, DType::f64, {10}};
    shard.grad_logits = {};
    shard.normalizer = 40;
    shard.loss = loss.view();
    binary_cross_entropy(context, shard);
    total += loss[0];
  }
  EXPECT_NEAR(total, whole.loss[0], 1e-14);
}

TEST(BinaryCrossEntropyTest, NamesWhatDoesNotFit) {
  Context context(test_device(), 1);
  Operands<float> operands({.rows = 8});
  const auto message = [&](auto change) {
    BinaryCrossEntropy p = operands.parameters();
    change(p);
    return ebb::testing::message_of<Error>([&] { binary_cross_entropy(context, p); });
  };
  EXPECT_EQ(message([](auto& p) { p.targets.shape = {7}; }),
            "binary_cross_entropy: targets is [7], expected [8] (as logits)");
  EXPECT_EQ(message([](auto& p) {
              p.logits.shape = p.logits.strides = {8, 1};
            }),
            "binary_cross_entropy: logits is [8, 1], expected [n]; reshape it");
  EXPECT_EQ(message([](auto& p) { p.ignored = p.targets; }),
            "binary_cross_entropy: ignored has dtype f32, expected u8");
  EXPECT_EQ(message([](auto& p) { p.positive_weight = 0; }),
            "binary_cross_entropy: positive_weight is 0, expected a finite number above 0");
  EXPECT_EQ(message([](auto& p) { p.focusing = -1; }),
            "binary_cross_entropy: focusing is -1, expected a finite number, 0 or more");
  EXPECT_EQ(message([](auto& p) { p.loss = {}; }), "binary_cross_entropy: loss is missing");
}

}  // namespace
}  // namespace ebb::kernels
