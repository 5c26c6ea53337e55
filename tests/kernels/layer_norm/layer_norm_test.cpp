#include "kernels/layer_norm/layer_norm.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/layer_norm/layer_norm_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::epsilon_of;
using ebb::testing::ErrorRule;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;
using ebb::testing::rounded_to;
using ebb::testing::Statistic;
using ebb::testing::test_device;
using ebb::testing::to_double;

struct Case {
  std::int64_t rows;
  std::int64_t columns;
  bool residual;
  float dropout;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "rows " << c.rows << " columns " << c.columns << " residual " << c.residual << " dropout "
       << c.dropout;
}

/// All operands of both directions in one precision, drawn from the same f32 values.
template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c),
        input(random_normal<T>({c.rows, c.columns}, 1)),
        residual(random_normal<T>({c.rows, c.columns}, 2)),
        gamma(random_normal<T>({c.columns}, 3)),
        beta(random_normal<T>({c.columns}, 4)),
        grad_output(random_normal<T>({c.rows, c.columns}, 5)),
        grad_sum(random_normal<T>({c.rows, c.columns}, 6)) {}

  DropoutSpec dropout() const {
    return {.probability = spec.dropout,
            .key = {.seed = 9, .step = 3, .stream = 2},
            .first_element = 13};
  }

  LayerNormForward forward() {
    LayerNormForward p;
    p.input = input.view();
    p.gamma = gamma.view();
    p.beta = beta.view();
    p.output = output.view();
    p.mean = mean.view();
    p.inverse_deviation = inverse_deviation.view();
    if (spec.residual) {
      p.residual = residual.view();
      p.dropout = dropout();
      p.sum = sum.view();
    }
    return p;
  }

  LayerNormBackward backward() {
    LayerNormBackward p;
    p.sum = spec.residual ? sum.view() : input.view();
    p.gamma = gamma.view();
    p.mean = mean.view();
    p.inverse_deviation = inverse_deviation.view();
    p.grad_output = grad_output.view();
    if (spec.residual) {
      p.grad_sum = grad_sum.view();
      p.dropout = dropout();
    }
    p.grad_residual = grad_residual.view();
    p.grad_input = grad_input.view();
    p.grad_gamma = grad_gamma.view();
    p.grad_beta = grad_beta.view();
    return p;
  }

  Case spec;
  Buffer<T> input, residual, gamma, beta, grad_output, grad_sum;
  Buffer<T> sum{input.shape()}, output{input.shape()};
  Buffer<Statistic<T>> mean{{spec.rows}}, inverse_deviation{{spec.rows}};
  Buffer<T> grad_residual{input.shape()}, grad_input{input.shape()};
  Buffer<T> grad_gamma{gamma.shape()}, grad_beta{gamma.shape()};
};

/// `storage`: of the kernel, which keeps the sum so between the directions.
template <class T>
void run_reference(Operands<T>& operands, DType storage) {
  reference::layer_norm<T>(operands.forward());
  for (std::size_t i = 0; i < operands.sum.size(); ++i) {
    operands.sum[i] = static_cast<T>(rounded_to(storage, operands.sum[i]));
  }
  reference::layer_norm_backward<T>(operands.backward());
}

template <class T>
void run_kernel(Operands<T>& operands, int threads) {
  Context context(test_device(), threads);
  layer_norm(context, operands.forward());
  layer_norm_backward(context, operands.backward());
}

double largest_centered_term(const Operands<double>& oracle) {
  double largest = 0.0;
  const auto columns = static_cast<std::size_t>(oracle.spec.columns);
  for (std::size_t i = 0; i < oracle.grad_output.size(); ++i) {
    const double g = oracle.grad_output[i] * oracle.gamma[i % columns];
    largest = std::max(largest, std::fabs(g) * oracle.inverse_deviation[i / columns]);
  }
  return largest;
}

class LayerNormTest : public ::testing::TestWithParam<Case> {};

TEST_P(LayerNormTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    run_reference(oracle, dtype_of<T>);
    run_reference(naive, dtype_of<T>);
    Operands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("output", actual.output, naive.output, oracle.output, kForwardRule);
    if (GetParam().residual) {
      expect_within("sum", actual.sum, naive.sum, oracle.sum, kForwardRule);
    }
    expect_within("mean", actual.mean, naive.mean, oracle.mean, kForwardRule);
    // The terms that cancel in grad_residual are as large as inverse_deviation * g.
    ErrorRule rule = kGradientRule;
    rule.largest_intermediate = largest_centered_term(oracle);
    expect_within("grad_residual", actual.grad_residual, naive.grad_residual, oracle.grad_residual,
                  rule);
    if (GetParam().dropout > 0) {
      expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input, rule);
    }
    expect_within("grad_gamma", actual.grad_gamma, naive.grad_gamma, oracle.grad_gamma,
                  kGradientRule);
    expect_within("grad_beta", actual.grad_beta, naive.grad_beta, oracle.grad_beta, kGradientRule);
  });
}

TEST_P(LayerNormTest, HasEqualBitsForAnyNumberOfThreadsAndEveryTime) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> first(GetParam());
    run_kernel(first, 1);
    for (const int threads : ebb::testing::kThreadCounts) {
      Operands<T> other(GetParam());
      run_kernel(other, threads);
      expect_same_bits("output", first.output, other.output);
      expect_same_bits("grad_residual", first.grad_residual, other.grad_residual);
      expect_same_bits("grad_gamma", first.grad_gamma, other.grad_gamma);
      expect_same_bits("grad_beta", first.grad_beta, other.grad_beta);
      if (test_device().is_cuda()) break;  // threads mean nothing there
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, LayerNormTest,
                         ::testing::Values(Case{1, 1, false, 0.0F}, Case{7, 31, false, 0.0F},
                                           Case{33, 33, true, 0.0F}, Case{257, 7, true, 0.1F},
                                           Case{31, 64, true, 0.5F}, Case{1500, 96, true, 0.1F},
                                           Case{3, 257, false, 0.0F}, Case{5, 512, true, 0.1F},
                                           Case{2, 517, true, 0.1F}, Case{9, 1028, true, 0.1F},
                                           Case{3, 4096, true, 0.1F}, Case{2, 4100, true, 0.1F},
                                           Case{9, 4112, true, 0.1F}, Case{2, 12288, true, 0.1F},
                                           Case{2, 120000, true, 0.1F}, Case{26000, 8, true, 0.0F},
                                           Case{0, 8, false, 0.0F}));

TEST(LayerNormTest, TakesOperandsThatAreNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const Case shape{6, 64, false, 0.0F};
    Operands<T> aligned(shape);
    run_kernel(aligned, 1);
    Operands<T> shifted(shape);
    Buffer<T> memory({shape.rows * shape.columns + 1});
    std::copy_n(shifted.input.data(), shifted.input.size(), memory.data() + 1);
    const ConstView input{memory.data() + 1, dtype_of<T>, shifted.input.shape()};
    Context context(test_device(), 1);
    LayerNormForward forward = shifted.forward();
    forward.input = input;
    layer_norm(context, forward);
    LayerNormBackward backward = shifted.backward();
    backward.sum = input;
    layer_norm_backward(context, backward);
    // The order of sums over a row may differ.
    for (std::size_t i = 0; i < aligned.output.size(); ++i) {
      EXPECT_NEAR(to_double(shifted.output[i]), to_double(aligned.output[i]), 8 * epsilon_of<T>());
      EXPECT_NEAR(to_double(shifted.grad_residual[i]), to_double(aligned.grad_residual[i]),
                  16 * epsilon_of<T>());
    }
  });
}

TEST(LayerNormTest, KeepsNaNInItsRowAndDoesNotSpreadIt) {
  ebb::testing::for_each_backend([]<class T> {
    Operands<float> operands({3, 33, false, 0.0F});
    operands.input[33 + 5] = std::numeric_limits<float>::quiet_NaN();
    operands.input[66 + 2] = std::numeric_limits<float>::infinity();
    run_kernel(operands, 1);
    for (std::size_t i = 0; i < 33; ++i) {
      EXPECT_TRUE(std::isfinite(operands.output[i]));
      EXPECT_TRUE(std::isnan(operands.output[33 + i]));
      EXPECT_TRUE(std::isnan(operands.output[66 + i]));
    }
  });
}

TEST(LayerNormTest, DoesNotCancelOnALargeMean) {
  Operands<double> oracle({4, 64, false, 0.0F});
  Operands<float> actual({4, 64, false, 0.0F});
  for (std::size_t i = 0; i < actual.input.size(); ++i) {
    actual.input[i] += 4096.0F;
    oracle.input[i] = static_cast<double>(actual.input[i]);
  }
  run_reference(oracle, DType::f64);
  run_kernel(actual, 1);
  // E[x^2] - E[x]^2 would be off by about 4096^2 * 2^-24 = 1 here.
  for (std::size_t i = 0; i < actual.output.size(); ++i) {
    EXPECT_NEAR(actual.output[i], oracle.output[i], 2e-3);
  }
}

TEST(LayerNormTest, TakesEqualNumbersWhoseMeanOverDeviationOverflows) {
  Operands<float> operands({2, 33, false, 0.0F});
  for (std::size_t i = 0; i < operands.input.size(); ++i) operands.input[i] = 0x1p120F;
  run_kernel(operands, 1);
  for (std::size_t i = 0; i < operands.output.size(); ++i) {
    EXPECT_EQ(operands.output[i], operands.beta[i % 33]);
    EXPECT_TRUE(std::isfinite(operands.grad_residual[i]));
    EXPECT_EQ(operands.grad_gamma[i % 33], 0.0F);
  }
}

TEST(LayerNormTest, AccumulatesParameterGradients) {
  Operands<float> operands({7, 31, false, 0.0F});
  Operands<float> twice({7, 31, false, 0.0F});
  run_kernel(operands, 1);
  run_kernel(twice, 1);
  Context context(test_device(), 1);
  LayerNormBackward again = twice.backward();
  again.accumulate_gamma = true;
  again.accumulate_beta = true;
  layer_norm_backward(context, again);
  for (std::size_t i = 0; i < 31; ++i) {
    EXPECT_FLOAT_EQ(twice.grad_gamma[i], 2 * operands.grad_gamma[i]);
    EXPECT_FLOAT_EQ(twice.grad_beta[i], 2 * operands.grad_beta[i]);
  }
}

TEST(LayerNormTest, NamesTheOperandThatDoesNotFit) {
  Context context({}, 1);
  Operands<float> operands({32, 128, false, 0.0F});
  Buffer<float> short_gamma({64});
  LayerNormForward p = operands.forward();
  p.gamma = short_gamma.view();
  try {
    layer_norm(context, p);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "layer_norm: gamma is [64], expected [128] ([columns], the last dimension of "
                 "input)");
  }
}

TEST(LayerNormTest, RefusesStorageTypes) {
  EXPECT_EQ(layer_norm_unsupported({}, DType::f32), "");
  EXPECT_EQ(layer_norm_unsupported({}, DType::bf16),
            "the CPU computes in f32 and f64, not in bf16; cast first");
}

}  // namespace
}  // namespace ebb::kernels
