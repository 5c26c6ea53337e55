#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/finite_differences.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;
using ebb::testing::test_device;
using ebb::testing::to_double;
using ebb::testing::to_number;

struct Case {
  std::int64_t rows;
  std::int64_t features;
  std::int64_t most_bins;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.rows << " x " << c.features << ", " << c.most_bins << " bins";
}

/// Feature f has most_bins - f mod 3 bins (at least none) with random ascending edges, then NaN.
template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : input(random_normal<T>({c.rows, c.features}, 1)),
        edges({c.features, c.most_bins + 1}),
        counts({c.features}),
        output({c.rows, c.features, c.most_bins + 2}),
        grad_output(random_normal<T>(output.shape(), 3)) {
    const auto width = static_cast<std::size_t>(c.most_bins + 1);
    for (std::size_t f = 0; f < counts.size(); ++f) {
      const std::int64_t bins =
          std::max<std::int64_t>(0, c.most_bins - static_cast<std::int64_t>(f % 3));
      counts[f] = static_cast<std::int32_t>(bins);
      auto values = random_normal<double>({bins + 1}, 10 + f).values();
      std::sort(values.begin(), values.end());
      for (std::size_t t = 0; t < values.size(); ++t) {
        // Coarse grids hold some numbers twice.
        while (t > 0 && values[t] <= values[t - 1]) {
          const double step = std::max(std::fabs(values[t - 1]), 0.01) / 64.0;
          values[t] = ebb::testing::InputGrid::rounded(values[t - 1] + step);
        }
        edges[f * width + t] = to_number<T>(values[t]);
      }
    }
    // A number that lies on an inner edge.
    if (c.most_bins > 2 && c.rows > 1) input[0] = edges[1];
  }

  PiecewiseLinearEncodingForward forward() {
    return {.input = input.view(),
            .edges = edges.view(),
            .counts = counts.view(),
            .output = output.view()};
  }
  PiecewiseLinearEncodingBackward backward() {
    return {.input = input.view(),
            .edges = edges.view(),
            .counts = counts.view(),
            .grad_output = grad_output.view(),
            .grad_input = grad_input.view()};
  }

  Buffer<T> input, edges;
  Buffer<std::int32_t> counts;
  Buffer<T> output, grad_output;
  Buffer<T> grad_input{input.shape()};
};

template <class T>
void run(Operands<T>& operands, int threads) {
  Context context(std::is_same_v<T, double> ? Device{} : test_device(), threads);
  piecewise_linear_encoding(context, operands.forward());
  piecewise_linear_encoding_backward(context, operands.backward());
}

template <class T>
void run_reference(Operands<T>& operands) {
  reference::piecewise_linear_encoding<T>(operands.forward());
  reference::piecewise_linear_encoding_backward<T>(
      operands.backward(), 0, static_cast<std::int64_t>(operands.input.size()));
}

class PiecewiseLinearEncodingTest : public ::testing::TestWithParam<Case> {};

TEST_P(PiecewiseLinearEncodingTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    run_reference(oracle);
    run_reference(naive);
    Operands<T> actual(GetParam());
    run(actual, 2);
    expect_within("output", actual.output, naive.output, oracle.output, kForwardRule);
    expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input,
                  kGradientRule);
  });
}

TEST_P(PiecewiseLinearEncodingTest, HasEqualBitsForAnyNumberOfThreads) {
  Operands<float> first(GetParam());
  run(first, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    if (test_device().is_cuda() && threads > 2) break;
    Operands<float> other(GetParam());
    run(other, threads);
    expect_same_bits("output", first.output, other.output);
    expect_same_bits("grad_input", first.grad_input, other.grad_input);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PiecewiseLinearEncodingTest,
                         ::testing::Values(Case{1, 1, 1}, Case{7, 5, 3}, Case{33, 4, 16},
                                           Case{257, 7, 31}, Case{2500, 9, 48}, Case{0, 3, 4},
                                           Case{9, 3, 0}, Case{7700, 7, 8}, Case{300, 5, 14},
                                           Case{65, 130, 10}, Case{40, 300, 3}, Case{99, 2, 30}));

TEST(PiecewiseLinearEncodingTest, TakesMemoryThatIsNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> operands({7, 5, 3});
    run(operands, 1);
    Buffer<T> shifted({operands.output.shape().elements() + 1});
    PiecewiseLinearEncodingForward p = operands.forward();
    p.output = {shifted.data() + 1, dtype_of<T>, operands.output.shape()};
    Context context(test_device(), 1);
    piecewise_linear_encoding(context, p);
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      ASSERT_EQ(to_double(shifted[i + 1]), to_double(operands.output[i])) << i;
    }
    EXPECT_TRUE(std::isnan(to_double(shifted[0])));

    const Buffer<T> expected = operands.grad_input;
    for (std::size_t i = 0; i < operands.grad_output.size(); ++i) {
      shifted[i + 1] = operands.grad_output[i];
    }
    PiecewiseLinearEncodingBackward q = operands.backward();
    q.grad_output = {shifted.data() + 1, dtype_of<T>, operands.grad_output.shape()};
    piecewise_linear_encoding_backward(context, q);
    expect_same_bits("grad_input", expected, operands.grad_input);
  });
}

TEST(PiecewiseLinearEncodingTest, OnCudaCountsOutOfRangeAreTheNearestInRange) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU refuses them";
  Operands<float> expected({3, 1, 4});
  Operands<float> operands({3, 1, 4});
  for (const std::int32_t count : {5, 1000000, -1, -1000000}) {
    expected.counts[0] = count > 0 ? 4 : 0;
    operands.counts[0] = count;
    run(expected, 1);
    run(operands, 1);
    expect_same_bits("output", expected.output, operands.output);
    expect_same_bits("grad_input", expected.grad_input, operands.grad_input);
  }
}

TEST(PiecewiseLinearEncodingTest, FollowsTheFormula) {
  Buffer<double> input({4, 1}, {-3.0, 0.5, 1.0, 7.0});
  Buffer<double> edges({1, 4}, {0.0, 1.0, 3.0, 4.0});
  Buffer<std::int32_t> counts({1}, {3});
  Buffer<double> output({4, 1, 5});
  Context context({}, 1);
  piecewise_linear_encoding(context, {.input = input.view(),
                                      .edges = edges.view(),
                                      .counts = counts.view(),
                                      .output = output.view()});
  // The first bin goes on downwards and the last one upwards.
  const std::vector<double> expected = {-3,  0, 0, -3,  1,  // below all
                                        0.5, 0, 0, 0.5, 1,  // inside the first
                                        1,   0, 0, 1,   1,  // on an edge
                                        1,   1, 4, 7,   1};
  EXPECT_EQ(output.values(), expected);
}

TEST(PiecewiseLinearEncodingTest, AgreesWithFiniteDifferences) {
  Operands<double> operands({6, 4, 5});
  operands.input[0] += 0.01;  // off the edge, where the slope jumps
  // Narrow bins make large sums, whose rounding the differences would show.
  for (std::size_t i = 0; i < operands.output.size(); ++i) operands.grad_output[i] *= 0.1;
  run(operands, 1);
  Context context({}, 1);
  ebb::testing::expect_gradient("input", operands.grad_input, operands.input, [&] {
    piecewise_linear_encoding(context, operands.forward());
    double loss = 0.0;
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      loss += operands.output[i] * operands.grad_output[i];
    }
    return loss;
  });
}

TEST(PiecewiseLinearEncodingTest, KeepsNaNAndInfinity) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> operands({3, 1, 9});
    operands.input[0] = to_number<T>(std::numeric_limits<double>::quiet_NaN());
    operands.input[1] = to_number<T>(std::numeric_limits<double>::infinity());
    operands.input[2] = to_number<T>(-std::numeric_limits<double>::infinity());
    run(operands, 1);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_TRUE(std::isnan(to_double(operands.output[i])));
    EXPECT_EQ(to_double(operands.output[10]), 1.0);
    EXPECT_TRUE(std::isnan(to_double(operands.grad_input[0])));
    EXPECT_EQ(to_double(operands.output[11]), 1.0);
    EXPECT_EQ(to_double(operands.output[11 + 8]), std::numeric_limits<double>::infinity());
    EXPECT_EQ(to_double(operands.output[22]), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(to_double(operands.output[22 + 8]), 0.0);
  });
}

TEST(PiecewiseLinearEncodingTest, RefusesBadEdgesAndCounts) {
  Context context({}, 1);
  Operands<float> operands({3, 2, 4});
  operands.counts[1] = 5;
  expect_error("piecewise_linear_encoding: feature 1 has 5 bins, expected a number in [0, 4]",
               [&] { piecewise_linear_encoding(context, operands.forward()); });
  operands.counts[1] = 2;
  operands.edges[5 + 1] = operands.edges[5 + 0] = 0.5F;
  expect_error(
      "piecewise_linear_encoding: edges 0 and 1 of feature 1 are 0.5 and 0.5, expected them to "
      "ascend",
      [&] { piecewise_linear_encoding_backward(context, operands.backward()); });
  Buffer<float> narrow({3, 2, 5});
  PiecewiseLinearEncodingForward p = operands.forward();
  p.output = narrow.view();
  expect_error(
      "piecewise_linear_encoding: output is [3, 2, 5], expected [3, 2, 6] ([rows, features, bins + "
      "2])",
      [&] { piecewise_linear_encoding(context, p); });
}

}  // namespace
}  // namespace ebb::kernels
