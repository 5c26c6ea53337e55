#include "kernels/linear/linear.h"

#include <gtest/gtest.h>

#include "kernels/activation/activation_reference.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/levels.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::random_normal;

struct Case {
  std::int64_t rows, in, out;
  Activation activation;
  float dropout;
  bool accumulate;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.rows << " x " << c.in << " to " << c.out << " " << name_of(c.activation) << " dropout "
       << c.dropout << " accumulate " << c.accumulate;
}

template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c),
        input(random_normal<T>({c.rows, c.in}, 1)),
        weight(random_normal<T>({c.out, c.in}, 2, 0.3)),
        bias(random_normal<T>({c.out}, 3)),
        grad_output(random_normal<T>({c.rows, c.out}, 4)),
        given_derivative(random_normal<T>({c.rows, c.out}, 5)),
        derivative({c.rows, c.out}),
        output({c.rows, c.out}),
        grad_pre_activation({c.rows, c.out}),
        grad_input(random_normal<T>({c.rows, c.in}, 6)),
        grad_weight(random_normal<T>({c.out, c.in}, 7)),
        grad_bias(random_normal<T>({c.out}, 8)) {}

  DropoutSpec dropout() const {
    return {.probability = spec.dropout, .key = {.seed = 9, .step = 2, .stream = 1}};
  }
  bool curved() const { return spec.activation != Activation::identity || spec.dropout > 0; }
  LinearForward forward() {
    return {.input = input.view(),
            .weight = weight.view(),
            .bias = bias.view(),
            .activation = spec.activation,
            .dropout = dropout(),
            .derivative = derivative.view(),
            .output = output.view()};
  }
  LinearBackward backward() {
    return {.input = input.view(),
            .weight = weight.view(),
            .derivative = curved() ? given_derivative.view() : View(),
            .grad_output = grad_output.view(),
            .grad_pre_activation = grad_pre_activation.view(),
            .grad_input = grad_input.view(),
            .grad_weight = grad_weight.view(),
            .grad_bias = grad_bias.view(),
            .accumulate_input = spec.accumulate,
            .accumulate_weight = spec.accumulate,
            .accumulate_bias = spec.accumulate};
  }

  Case spec;
  // The backward direction has its own derivative: of a pre-activation that was rounded differently
  // it may lie on the other side of the edge of a ReLU.
  Buffer<T> input, weight, bias, grad_output, given_derivative;
  Buffer<T> derivative, output, grad_pre_activation, grad_input, grad_weight, grad_bias;
};

ConstView transposed(const ConstView& view) {
  return {view.data, view.dtype, Shape{view.shape[1], view.shape[0]},
          Shape{view.strides[1], view.strides[0]}};
}

/// Both directions as plain loops.
template <class T>
void run_reference(Operands<T>& operands) {
  const LinearForward f = operands.forward();
  reference::matrix_product<T>({f.input, transposed(f.weight), f.output, false});
  reference::activation<T>({.input = f.output,
                            .bias = f.bias,
                            .kind = f.activation,
                            .dropout = f.dropout,
                            .derivative = f.derivative,
                            .output = f.output});
  const LinearBackward b = operands.backward();
  const Buffer<T> ones(operands.output.shape(), std::vector<T>(operands.output.size(), T{1}));
  reference::activation_backward<T>({.derivative = operands.curved() ? b.derivative : ones.view(),
                                     .grad_output = b.grad_output,
                                     .grad_input = b.grad_pre_activation,
                                     .grad_bias = b.grad_bias,
                                     .accumulate = b.accumulate_bias});
  reference::matrix_product<T>({b.grad_pre_activation, b.weight, b.grad_input, b.accumulate_input});
  reference::matrix_product<T>(
      {transposed(b.grad_pre_activation), b.input, b.grad_weight, b.accumulate_weight});
}

void run_kernel(Operands<float>& operands, int threads) {
  Context context({}, threads);
  linear(context, operands.forward());
  linear_backward(context, operands.backward());
}

class LinearTest : public ::testing::TestWithParam<Case> {};

TEST_P(LinearTest, FollowsTheErrorRuleAtEveryInstructionSet) {
  Operands<double> oracle(GetParam());
  Operands<float> naive(GetParam());
  run_reference(oracle);
  run_reference(naive);
  ebb::testing::for_each_instruction_set([&] {
    Operands<float> actual(GetParam());
    run_kernel(actual, 2);
    const auto& forward = ebb::testing::kForwardRule;
    const auto& gradient = ebb::testing::kGradientRule;
    expect_within("derivative", actual.derivative, naive.derivative, oracle.derivative, forward);
    expect_within("output", actual.output, naive.output, oracle.output, forward);
    expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input, gradient);
    expect_within("grad_weight", actual.grad_weight, naive.grad_weight, oracle.grad_weight,
                  gradient);
    expect_within("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias, gradient);
  });
}

TEST_P(LinearTest, HasEqualBitsForAnyNumberOfThreads) {
  Operands<float> first(GetParam());
  run_kernel(first, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    Operands<float> other(GetParam());
    run_kernel(other, threads);
    expect_same_bits("output", first.output, other.output);
    expect_same_bits("grad_input", first.grad_input, other.grad_input);
    expect_same_bits("grad_weight", first.grad_weight, other.grad_weight);
    expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
  }
}

// From one row to several blocks.
INSTANTIATE_TEST_SUITE_P(Shapes, LinearTest,
                         ::testing::Values(Case{1, 1, 1, Activation::identity, 0.0F, false},
                                           Case{7, 31, 33, Activation::relu, 0.0F, true},
                                           Case{128, 64, 64, Activation::gelu, 0.1F, false},
                                           Case{257, 33, 7, Activation::silu, 0.5F, true},
                                           Case{600, 64, 257, Activation::gelu, 0.1F, false},
                                           Case{1100, 33, 31, Activation::relu, 0.1F, false},
                                           Case{700, 257, 64, Activation::identity, 0.1F, true}));

TEST(LinearKernelTest, DoesWithoutOptionalOperands) {
  const Case spec{257, 33, 7, Activation::gelu, 0.0F, false};
  Operands<float> all(spec);
  run_kernel(all, 1);
  Operands<float> some(spec);
  LinearForward f = some.forward();
  f.derivative = {};
  LinearBackward b = some.backward();
  b.grad_input = {};
  b.grad_bias = {};
  Context context({}, 1);
  linear(context, f);
  linear_backward(context, b);
  expect_same_bits("output", all.output, some.output);
  expect_same_bits("grad_weight", all.grad_weight, some.grad_weight);
}

TEST(LinearKernelTest, KeepsNaNInItsRow) {
  Operands<float> operands({200, 5, 3, Activation::relu, 0.0F, false});
  operands.input[150 * 5 + 2] = std::numeric_limits<float>::quiet_NaN();
  ebb::testing::for_each_instruction_set([&] {
    run_kernel(operands, 2);
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      EXPECT_EQ(std::isnan(operands.output[i]), i / 3 == 150) << i;
    }
  });
}

}  // namespace
}  // namespace ebb::kernels
