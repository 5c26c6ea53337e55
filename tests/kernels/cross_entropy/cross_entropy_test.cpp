#include "kernels/cross_entropy/cross_entropy.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/cross_entropy/cross_entropy_reference.h"
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
using ebb::testing::to_number;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  std::int64_t rows;
  std::int64_t classes;
  bool weighted = false;
  bool ignoring = false;
  double smoothing = 0.0;
  double scale = 3.0;  // of the logits
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "rows " << c.rows << " classes " << c.classes << " weighted " << c.weighted
       << " ignoring " << c.ignoring << " smoothing " << c.smoothing << " scale " << c.scale;
}

template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c), logits(random_normal<T>({c.rows, c.classes}, 1, c.scale)), weights({c.classes}) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] = to_number<T>(0.5 + 0.25 * static_cast<double>(i % 5));
    }
    for (std::int64_t row = 0; row < c.rows; ++row) {
      const bool ignore = c.ignoring && row % 3 == 1;
      targets[static_cast<std::size_t>(row)] =
          ignore ? -100 : static_cast<std::int32_t>((row * 7 + row / 3) % c.classes);
      if (ignore) logits[static_cast<std::size_t>(row * c.classes)] = to_number<T>(kNaN);
    }
  }

  CrossEntropy parameters() {
    CrossEntropy p;
    p.logits = logits.view();
    p.targets = targets.view();
    if (spec.weighted) p.class_weights = weights.view();
    p.label_smoothing = spec.smoothing;
    p.loss = loss.view();
    p.grad_logits = grad.view();
    return p;
  }

  Case spec;
  Buffer<T> logits, weights;
  Buffer<std::int32_t> targets{{spec.rows}};
  Buffer<Statistic<T>> loss{Shape{}};
  Buffer<T> grad{logits.shape()};
};

template <class T>
void run_kernel(Operands<T>& operands, int threads) {
  Context context(test_device(), threads);
  cross_entropy(context, operands.parameters());
}

class CrossEntropyTest : public ::testing::TestWithParam<Case> {};

TEST_P(CrossEntropyTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    reference::cross_entropy<double>(oracle.parameters());
    reference::cross_entropy<float>(naive.parameters());
    // The terms that cancel in the gradient are as large as a row's weight over the normalizer.
    ErrorRule gradient_rule = kGradientRule;
    gradient_rule.largest_intermediate =
        reference::checked_inverse_normalizer<double>(oracle.parameters());
    Operands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("loss", actual.loss, naive.loss, oracle.loss, kForwardRule);
    expect_within("grad_logits", actual.grad, naive.grad, oracle.grad, gradient_rule);
  });
}

TEST_P(CrossEntropyTest, HasEqualBitsForAnyNumberOfThreadsAndEveryTime) {
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
    Shapes, CrossEntropyTest,
    ::testing::Values(Case{.rows = 1, .classes = 1}, Case{.rows = 1, .classes = 2},
                      Case{.rows = 7, .classes = 31, .smoothing = 0.1},
                      Case{.rows = 31, .classes = 33, .weighted = true},
                      Case{.rows = 257, .classes = 7, .weighted = true, .ignoring = true},
                      Case{.rows = 33, .classes = 257, .ignoring = true, .smoothing = 0.2},
                      Case{.rows = 64, .classes = 10, .scale = 1e4},
                      Case{.rows = 4099, .classes = 5, .weighted = true, .smoothing = 0.1},
                      Case{.rows = 37, .classes = 5000, .weighted = true, .ignoring = true},
                      Case{.rows = 2, .classes = 12288},
                      Case{.rows = 2, .classes = 120000, .weighted = true},
                      Case{.rows = 700, .classes = 12, .weighted = true, .ignoring = true},
                      Case{.rows = 70, .classes = 24, .smoothing = 0.1},
                      Case{.rows = 19, .classes = 512, .smoothing = 0.1},
                      Case{.rows = 3, .classes = 4096, .smoothing = 0.1}));

TEST(CrossEntropyTest, HasTheGradientOfItsFiniteDifferences) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Operands<double> operands({.rows = 5, .classes = 4, .weighted = true, .smoothing = 0.1});
  operands.targets[3] = -100;
  Context context(test_device(), 1);
  const auto loss = [&] {
    cross_entropy(context, operands.parameters());
    return operands.loss[0];
  };
  loss();
  const Buffer<double> gradient = operands.grad;
  ebb::testing::expect_gradient("grad_logits", gradient, operands.logits, loss);
}

// Computed by PyTorch 2: F.cross_entropy(x, t, weight=w, label_smoothing=0.1) and its backward.
TEST(CrossEntropyTest, EqualsPyTorch) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Buffer<double> logits({4, 3}, {0.5, -1.25, 2, 3, 0.25, -0.75, -2, 1.5, 0, 1, 1, -1});
  Buffer<std::int32_t> targets({4}, {2, 0, -100, 1});
  Buffer<double> weights({3}, {0.5, 2, 1.25});
  Buffer<double> loss{Shape{}};
  Buffer<double> grad({4, 3});
  Context context(test_device(), 1);
  CrossEntropy p;
  p.logits = logits.view();
  p.targets = targets.view();
  p.class_weights = weights.view();
  p.label_smoothing = 0.1;
  p.loss = loss.view();
  p.grad_logits = grad.view();
  cross_entropy(context, p);
  EXPECT_NEAR(loss[0], 0.6570438615945365, 1e-14);
  const double expected[] = {0.05449561625803699,
                             -0.0075355310022989655,
                             -0.046960085255738054,
                             0.016558776624699147,
                             -0.00876374343157086,
                             -0.007795033193128323,
                             0.0,
                             0.0,
                             0.0,
                             0.2359549613834092,
                             -0.25737837194992413,
                             0.021423410566514874};
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-15);
}

/// Loss and gradient of one row.
struct Row {
  Row(const std::vector<float>& logits, std::int32_t target, const std::vector<float>& weights = {},
      double smoothing = 0.0)
      : grad({static_cast<std::int64_t>(logits.size())}) {
    const auto classes = static_cast<std::int64_t>(logits.size());
    Buffer<float> x({1, classes}, logits);
    Buffer<float> w({classes}, weights);
    Buffer<std::int32_t> t({1}, {target});
    Buffer<float> total{Shape{}};
    Context context(test_device(), 1);
    CrossEntropy p;
    p.logits = x.view();
    p.targets = t.view();
    if (!weights.empty()) p.class_weights = w.view();
    p.label_smoothing = smoothing;
    p.normalizer = 1.0;
    p.loss = total.view();
    p.grad_logits = {grad.data(), DType::f32, {1, classes}};
    cross_entropy(context, p);
    loss = total[0];
  }
  float loss = 0.0F;
  Buffer<float> grad;
};

TEST(CrossEntropyTest, KeepsLimitsAtInfinityAndNaN) {
  for_each_backend([&]<class> {
    const Row far({1e4F, -1e4F, 0}, 1);
    EXPECT_EQ(far.loss, 2e4F);
    EXPECT_EQ(far.grad.values(), (std::vector<float>{1, -1, 0}));

    const Row masked({0, 0, -kInfinity}, 0);
    EXPECT_FLOAT_EQ(masked.loss, std::log(2.0F));
    EXPECT_EQ(masked.grad.values(), (std::vector<float>{-0.5F, 0.5F, 0}));

    EXPECT_EQ(Row({0, 0, -kInfinity}, 2).loss, kInfinity);
    // A class of weight 0 has no part in the smoothed loss.
    EXPECT_TRUE(std::isfinite(Row({0, 0, -kInfinity}, 0, {1, 1, 0}, 0.1).loss));
    // A row whose target weighs nothing counts for nothing.
    const Row weightless({kNaN, 0, 0}, 0, {0, 1, 1});
    EXPECT_EQ(weightless.loss, 0.0F);
    EXPECT_EQ(weightless.grad.values(), (std::vector<float>{0, 0, 0}));

    for (const float bad : {kNaN, kInfinity}) {
      for (std::size_t at : {0U, 3U, 8U}) {
        std::vector<float> logits(9, 0.5F);
        logits[at] = bad;
        const Row row(logits, 1);
        EXPECT_TRUE(std::isnan(row.loss)) << bad << " at " << at;
        for (const float value : row.grad.values()) EXPECT_TRUE(std::isnan(value));
      }
    }
    EXPECT_TRUE(std::isnan(Row({-kInfinity, -kInfinity}, 0).loss));
  });
}

TEST(CrossEntropyTest, IsZeroWhenNoRowCounts) {
  Operands<float> operands({.rows = 3, .classes = 5, .smoothing = 0.1});
  for (std::size_t i = 0; i < 3; ++i) operands.targets[i] = -100;
  run_kernel(operands, 1);
  EXPECT_EQ(operands.loss[0], 0.0F);
  for (const float value : operands.grad.values()) EXPECT_EQ(value, 0.0F);
}

TEST(CrossEntropyTest, NamesWhatDoesNotFit) {
  Context context(test_device(), 1);
  Operands<float> operands({.rows = 8, .classes = 3});
  const auto message = [&](auto change) {
    CrossEntropy p = operands.parameters();
    change(p);
    return ebb::testing::message_of<Error>([&] { cross_entropy(context, p); });
  };
  EXPECT_EQ(message([](auto& p) { p.targets.shape = {7}; }),
            "cross_entropy: targets is [7], expected [8] ([n], the rows of logits)");
  EXPECT_EQ(message([](auto& p) { p.logits.shape = p.logits.strides = {24}; }),
            "cross_entropy: logits is [24], expected [n, classes]; reshape it");
  EXPECT_EQ(message([](auto& p) { p.label_smoothing = 1.5; }),
            "cross_entropy: label_smoothing is 1.5, expected [0, 1]");
  for (const std::int32_t target : {3, -1}) {
    operands.targets[6] = target;
    if (test_device().is_cuda()) {
      // A kernel cannot throw.
      run_kernel(operands, 1);
      EXPECT_TRUE(std::isnan(operands.loss[0]));
      EXPECT_TRUE(std::isnan(operands.grad[3 * 6]));
      continue;
    }
    EXPECT_EQ(message([](auto&) {}),
              fmt::format("cross_entropy: the target of row 6 is {}, expected 0 to 2 or "
                          "ignore_index -100",
                          target));
  }
}

}  // namespace
}  // namespace ebb::kernels
