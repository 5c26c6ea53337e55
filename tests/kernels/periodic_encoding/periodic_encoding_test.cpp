#include "kernels/periodic_encoding/periodic_encoding.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <gtest/gtest.h>

#include "kernels/periodic_encoding/periodic_encoding_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/finite_differences.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::converted;
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
  std::int64_t k;
  double scale = 1.0;  // of the frequencies
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.rows << " x " << c.features << ", " << c.k << " frequencies, scale " << c.scale;
}

template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : input(random_normal<T>({c.rows, c.features}, 1)),
        frequencies(random_normal<T>({c.features, c.k}, 2, c.scale)),
        output({c.rows, c.features, 2 * c.k + 1}),
        grad_output(random_normal<T>(output.shape(), 3)) {}

  PeriodicEncodingForward forward() {
    return {.input = input.view(), .frequencies = frequencies.view(), .output = output.view()};
  }
  PeriodicEncodingBackward backward() {
    return {.input = input.view(),
            .frequencies = frequencies.view(),
            .output = output.view(),
            .grad_output = grad_output.view(),
            .grad_input = grad_input.view(),
            .grad_frequencies = grad_frequencies.view()};
  }

  Buffer<T> input, frequencies, output, grad_output;
  Buffer<T> grad_input{input.shape()}, grad_frequencies{frequencies.shape()};
};

template <class T>
void run(Operands<T>& operands, int threads) {
  Context context(std::is_same_v<T, double> ? Device{} : test_device(), threads);
  periodic_encoding(context, operands.forward());
  periodic_encoding_backward(context, operands.backward());
}

template <class T>
void run_reference(Operands<T>& operands) {
  reference::periodic_encoding<T>(operands.forward());
  reference::periodic_encoding_backward<T>(operands.backward());
}

class PeriodicEncodingTest : public ::testing::TestWithParam<Case> {};

TEST_P(PeriodicEncodingTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    run_reference(oracle);
    run_reference(naive);
    const Buffer<double> oracle_output = oracle.output;
    const Buffer<float> naive_output = naive.output;
    if (ebb::testing::kIsStorage<T>) {
      // The backward direction reads what the forward one stored.
      for (std::size_t i = 0; i < oracle.output.size(); ++i) {
        oracle.output[i] = ebb::testing::rounded_to(dtype_of<T>, oracle.output[i]);
        naive.output[i] = static_cast<float>(oracle.output[i]);
      }
      reference::periodic_encoding_backward<double>(oracle.backward());
      reference::periodic_encoding_backward<float>(naive.backward());
    }
    Operands<T> actual(GetParam());
    Context context(test_device(), 2);
    periodic_encoding(context, actual.forward());
    expect_within("output", actual.output, naive_output, oracle_output, kForwardRule);
    if (ebb::testing::kIsStorage<T>) actual.output = converted<T>(oracle.output);
    periodic_encoding_backward(context, actual.backward());
    expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input,
                  kGradientRule);
    expect_within("grad_frequencies", actual.grad_frequencies, naive.grad_frequencies,
                  oracle.grad_frequencies, kGradientRule);
  });
}

TEST_P(PeriodicEncodingTest, HasEqualBitsForAnyNumberOfThreads) {
  Operands<float> first(GetParam());
  run(first, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    if (test_device().is_cuda() && threads > 2) break;
    Operands<float> other(GetParam());
    run(other, threads);
    expect_same_bits("output", first.output, other.output);
    expect_same_bits("grad_input", first.grad_input, other.grad_input);
    expect_same_bits("grad_frequencies", first.grad_frequencies, other.grad_frequencies);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PeriodicEncodingTest,
                         ::testing::Values(Case{1, 1, 1}, Case{7, 5, 3}, Case{33, 4, 16},
                                           Case{257, 7, 31}, Case{2500, 9, 24},
                                           Case{31, 3, 33, 40.0}, Case{0, 3, 5}, Case{8, 2, 0},
                                           Case{255, 1, 8}, Case{513, 2, 9}, Case{40, 130, 16},
                                           Case{5, 2, 1100}));

TEST(PeriodicEncodingTest, TakesMemoryThatIsNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> operands({7, 5, 3});
    run(operands, 1);
    Buffer<T> shifted({operands.output.shape().elements() + 1});
    PeriodicEncodingForward p = operands.forward();
    p.output = {shifted.data() + 1, dtype_of<T>, operands.output.shape()};
    Context context(test_device(), 1);
    periodic_encoding(context, p);
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      ASSERT_EQ(to_double(shifted[i + 1]), to_double(operands.output[i])) << i;
    }
    EXPECT_TRUE(std::isnan(to_double(shifted[0])));
  });
}

// More rows than 512 chunks of 256.
TEST(PeriodicEncodingTest, AddsUpManyRows) {
  constexpr std::int64_t kRows = 512 * 256 + 300;
  Operands<float> operands({kRows, 1, 1});
  for (std::size_t i = 0; i < static_cast<std::size_t>(kRows); ++i) {
    operands.input[i] = i % 2 == 0 ? 1.0F : 3.0F;
    operands.output[3 * i] = 0.0F;
    operands.output[3 * i + 1] = 1.0F;
    operands.grad_output[3 * i] = 0.5F;
  }
  Context context(test_device(), 1);
  PeriodicEncodingBackward p = operands.backward();
  p.grad_input = {};
  periodic_encoding_backward(context, p);
  const double expected = 2.0 * std::numbers::pi * 0.5 * 2.0 * static_cast<double>(kRows);
  EXPECT_NEAR(operands.grad_frequencies[0], expected, 1e-5 * expected);
}

TEST(PeriodicEncodingTest, FollowsTheFormula) {
  Buffer<double> input({1, 1}, {0.25});
  Buffer<double> frequencies({1, 2}, {1.0, 0.5});
  Buffer<double> output({1, 1, 5});
  Context context({}, 1);
  periodic_encoding(
      context, {.input = input.view(), .frequencies = frequencies.view(), .output = output.view()});
  const std::vector<double> expected = {1.0, std::sqrt(0.5), 0.0, std::sqrt(0.5), 1.0};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(output[i], expected[i], 1e-15) << i;
}

TEST(PeriodicEncodingTest, AgreesWithFiniteDifferences) {
  Operands<double> operands({4, 3, 2, 0.2});
  // Third derivatives are up to (2 pi x)^3 and (2 pi c)^3: small numbers keep the truncation small.
  for (std::size_t i = 0; i < operands.input.size(); ++i) operands.input[i] *= 0.2;
  run(operands, 1);
  Context context({}, 1);
  const auto loss = [&] {
    periodic_encoding(context, operands.forward());
    double total = 0.0;
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      total += operands.output[i] * operands.grad_output[i];
    }
    return total;
  };
  ebb::testing::expect_gradient("input", operands.grad_input, operands.input, loss);
  ebb::testing::expect_gradient("frequencies", operands.grad_frequencies, operands.frequencies,
                                loss);
}

TEST(PeriodicEncodingTest, AccumulatesTheGradientOfFrequencies) {
  Operands<float> operands({7, 5, 3});
  Operands<float> twice({7, 5, 3});
  run(operands, 1);
  run(twice, 1);
  Context context(test_device(), 1);
  PeriodicEncodingBackward again = twice.backward();
  again.accumulate = true;
  again.grad_input = {};
  periodic_encoding_backward(context, again);
  for (std::size_t i = 0; i < operands.grad_frequencies.size(); ++i) {
    EXPECT_FLOAT_EQ(twice.grad_frequencies[i], 2 * operands.grad_frequencies[i]);
  }
}

TEST(PeriodicEncodingTest, GivesNaNForWhatIsNoNumber) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> operands({3, 1, 9});
    operands.input[0] = to_number<T>(std::numeric_limits<double>::quiet_NaN());
    operands.input[2] = to_number<T>(std::numeric_limits<double>::infinity());
    run(operands, 1);
    for (std::size_t i = 0; i < 18; ++i) {
      EXPECT_TRUE(std::isnan(to_double(operands.output[i])));
      EXPECT_TRUE(std::isfinite(to_double(operands.output[19 + i])));
      EXPECT_TRUE(std::isnan(to_double(operands.output[38 + i])));
    }
    EXPECT_EQ(to_double(operands.output[18]), 1.0);
    EXPECT_TRUE(std::isnan(to_double(operands.grad_input[0])));
    EXPECT_TRUE(std::isfinite(to_double(operands.grad_input[1])));
    EXPECT_TRUE(std::isnan(to_double(operands.grad_frequencies[0])));
  });
}

TEST(PeriodicEncodingTest, NamesTheOperandThatDoesNotFit) {
  Context context({}, 1);
  Operands<float> operands({3, 2, 4});
  Buffer<float> narrow({3, 2, 8});
  PeriodicEncodingForward p = operands.forward();
  p.output = narrow.view();
  expect_error(
      "periodic_encoding: output is [3, 2, 8], expected [3, 2, 9] ([rows, features, 2k + 1])",
      [&] { periodic_encoding(context, p); });
}

}  // namespace
}  // namespace ebb::kernels
