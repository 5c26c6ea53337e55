#include "kernels/activation/activation.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/activation/activation_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::InputGrid;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;
using ebb::testing::test_device;
using ebb::testing::to_double;
using ebb::testing::to_number;

constexpr Activation kKinds[] = {Activation::identity, Activation::relu, Activation::gelu,
                                 Activation::silu};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  std::int64_t rows;
  std::int64_t columns;
  Activation kind;
  bool bias;
  float dropout;
  double scale = 2.0;  // of the input
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.rows << " x " << c.columns << " " << name_of(c.kind) << " bias " << c.bias
       << " dropout " << c.dropout << " scale " << c.scale;
}

/// All operands of both directions in one precision, drawn from the same f32 values.
template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c),
        input(random_normal<T>({c.rows, c.columns}, 1, c.scale)),
        bias(random_normal<T>({c.columns}, 2)),
        grad_output(random_normal<T>({c.rows, c.columns}, 3)) {}

  DropoutSpec dropout() const {
    return {.probability = spec.dropout,
            .key = {.seed = 9, .step = 3, .stream = 2},
            .first_element = 13};
  }

  ActivationForward forward() {
    ActivationForward p;
    p.input = input.view();
    if (spec.bias) p.bias = bias.view();
    p.kind = spec.kind;
    p.dropout = dropout();
    p.derivative = derivative.view();
    p.output = output.view();
    return p;
  }

  ActivationBackward backward() {
    ActivationBackward p;
    p.derivative = derivative.view();
    p.grad_output = grad_output.view();
    p.grad_input = grad_input.view();
    if (spec.bias) p.grad_bias = grad_bias.view();
    return p;
  }

  Case spec;
  Buffer<T> input, bias, grad_output;
  Buffer<T> derivative{input.shape()}, output{input.shape()}, grad_input{input.shape()};
  Buffer<T> grad_bias{bias.shape()};
};

/// The derivative that the backward direction reads is rounded as the kernel under test stores it.
template <class T>
void run_reference(Operands<T>& operands) {
  reference::activation<T>(operands.forward());
  for (std::size_t i = 0; i < operands.derivative.size(); ++i) {
    operands.derivative[i] = static_cast<T>(InputGrid::rounded(operands.derivative[i]));
  }
  reference::activation_backward<T>(operands.backward());
}

template <class T>
void run_kernel(Operands<T>& operands, int threads, Device device = test_device()) {
  Context context(device, threads);
  activation(context, operands.forward());
  activation_backward(context, operands.backward());
}

class ActivationTest : public ::testing::TestWithParam<Case> {};

TEST_P(ActivationTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    run_reference(oracle);
    run_reference(naive);
    Operands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("output", actual.output, naive.output, oracle.output, kForwardRule);
    expect_within("derivative", actual.derivative, naive.derivative, oracle.derivative,
                  kForwardRule);
    expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input,
                  kGradientRule);
    if (GetParam().bias) {
      expect_within("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias,
                    kGradientRule);
    }
  });
}

TEST_P(ActivationTest, HasEqualBitsForAnyNumberOfThreads) {
  Operands<float> first(GetParam());
  run_kernel(first, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    Operands<float> other(GetParam());
    run_kernel(other, threads);
    expect_same_bits("output", first.output, other.output);
    expect_same_bits("grad_input", first.grad_input, other.grad_input);
    if (GetParam().bias) expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
  }
}

TEST_P(ActivationTest, TakesMemoryThatIsNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> whole(GetParam());
    run_kernel(whole, 1);
    const std::int64_t count = whole.input.shape().elements();
    // The rows begin an element late in their memory, the bias too.
    Operands<T> late(GetParam());
    const auto shifted = [](const Buffer<T>& values) {
      Buffer<T> moved({values.shape().elements() + 1});
      std::copy_n(values.data(), values.size(), moved.data() + 1);
      return moved;
    };
    Buffer<T> input = shifted(late.input);
    const Buffer<T> bias = shifted(late.bias);
    const Buffer<T> grad_output = shifted(late.grad_output);
    Buffer<T> derivative({count + 1});
    const auto view = [&](const Buffer<T>& values, const Shape& shape) {
      return View(const_cast<T*>(values.data()) + 1, dtype_of<T>, shape);
    };
    Context context(test_device(), 1);
    ActivationForward forward = late.forward();
    forward.input = view(input, late.input.shape());
    if (GetParam().bias) forward.bias = view(bias, late.bias.shape());
    forward.derivative = view(derivative, late.input.shape());
    activation(context, forward);
    expect_same_bits("output", whole.output, late.output);
    ActivationBackward backward = late.backward();
    backward.derivative = forward.derivative;
    backward.grad_output = view(grad_output, late.input.shape());
    activation_backward(context, backward);
    expect_same_bits("grad_input", whole.grad_input, late.grad_input);
    if (GetParam().bias) expect_same_bits("grad_bias", whole.grad_bias, late.grad_bias);
  });
}

TEST_P(ActivationTest, TakesOperandsInPlace) {
  Operands<float> apart(GetParam());
  run_kernel(apart, 1);
  Operands<float> in_place(GetParam());
  Context context(test_device(), 1);
  ActivationForward forward = in_place.forward();
  forward.derivative = in_place.input.view();
  activation(context, forward);
  expect_same_bits("derivative", apart.derivative, in_place.input);
  expect_same_bits("output", apart.output, in_place.output);

  Operands<float> overwritten(GetParam());
  forward = overwritten.forward();
  forward.derivative = {};
  forward.output = overwritten.input.view();
  activation(context, forward);
  expect_same_bits("output over input", apart.output, overwritten.input);

  ActivationBackward backward = in_place.backward();
  backward.derivative = in_place.input.view();
  backward.grad_input = in_place.grad_output.view();
  activation_backward(context, backward);
  expect_same_bits("grad_input over grad_output", apart.grad_input, in_place.grad_output);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ActivationTest,
    ::testing::Values(
        Case{1, 1, Activation::gelu, true, 0.0F}, Case{7, 31, Activation::identity, true, 0.1F},
        Case{33, 33, Activation::relu, true, 0.1F}, Case{257, 7, Activation::gelu, true, 0.1F},
        Case{31, 257, Activation::silu, true, 0.5F}, Case{1500, 96, Activation::gelu, true, 0.1F},
        Case{1500, 96, Activation::silu, false, 0.0F}, Case{3, 2500, Activation::gelu, true, 0.3F},
        Case{64, 64, Activation::gelu, false, 0.0F, 30.0},
        Case{64, 64, Activation::silu, false, 0.0F, 60.0}, Case{0, 5, Activation::gelu, true, 0.1F},
        Case{70, 128, Activation::relu, true, 0.0F},
        Case{130, 520, Activation::identity, true, 0.0F},
        Case{300, 24, Activation::silu, true, 0.2F}, Case{65600, 1, Activation::relu, true, 0.0F},
        // On CUDA threads take several packs: of a narrow bias, a wide one, a wide one of odd rows.
        Case{4300, 100, Activation::identity, true, 0.0F},
        Case{210, 2048, Activation::identity, true, 0.0F},
        Case{420, 1031, Activation::identity, true, 0.0F}));

TEST(ActivationTest, IsExactAtNaNAndInfinities) {
  ebb::testing::for_each_storage_backend([]<class T> {
    for (const Activation kind : kKinds) {
      SCOPED_TRACE(std::string(name_of(kind)));
      Operands<T> operands({1, 6, kind, false, 0.0F});
      const float values[] = {kNaN, kInfinity, -kInfinity, 0.0F, -6e4F, 0x1p-24F};
      for (std::size_t i = 0; i < 6; ++i) {
        operands.input[i] = to_number<T>(values[i]);
        operands.grad_output[i] = to_number<T>(1.0);
      }
      run_kernel(operands, 1);
      const bool identity = kind == Activation::identity;
      const auto output = [&](std::size_t i) { return to_double(operands.output[i]); };
      const auto slope = [&](std::size_t i) { return to_double(operands.grad_input[i]); };
      EXPECT_TRUE(std::isnan(output(0)));
      EXPECT_EQ(output(1), kInfinity);
      EXPECT_EQ(output(2), identity ? -kInfinity : 0.0F);
      EXPECT_EQ(output(3), 0.0F);
      EXPECT_EQ(output(4), identity ? to_double(operands.input[4]) : 0.0);
      const bool halves = kind == Activation::gelu || kind == Activation::silu;
      if constexpr (!std::is_same_v<T, Float16>) {  // whose smallest number it is
        EXPECT_NEAR(output(5), halves ? 0x1p-25 : 0x1p-24, 0x1p-30);
      }
      EXPECT_EQ(std::isnan(slope(0)), !identity);
      EXPECT_EQ(slope(1), 1.0F);
      EXPECT_EQ(slope(2), identity ? 1.0F : 0.0F);
      EXPECT_EQ(slope(3), kind == Activation::relu ? 0.0 : halves ? 0.5 : 1.0);
      EXPECT_EQ(slope(4), identity ? 1.0F : 0.0F);
    }
  });
}

TEST(ActivationTest, GoesRoundTheWholeGrid) {
  // More than the threads of a large GPU take at once.
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no grid";
  const Shape shape{643000, 7};
  Buffer<float> input(shape);
  Buffer<float> bias({7});
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 1000);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = -static_cast<float>(100 * i);
  Buffer<float> expected(shape);
  Buffer<float> output(shape);
  ActivationForward p{.input = input.view(), .bias = bias.view(), .kind = Activation::relu};
  p.output = expected.view();
  reference::activation<float>(p);
  p.output = output.view();
  Context context(test_device(), 1);
  activation(context, p);
  expect_same_bits("output", expected, output);
}

TEST(ActivationTest, DerivativesAgreeWithFiniteDifferences) {
  for (const Activation kind : kKinds) {
    for (double x = -5.95; x < 6.0; x += 0.1) {  // never at the kink of relu
      const double step = 1e-5;
      const double difference =
          (reference::activate(kind, x + step) - reference::activate(kind, x - step)) / (2 * step);
      EXPECT_NEAR(reference::activation_derivative(kind, x), difference, 1e-9)
          << name_of(kind) << " at " << x;
    }
  }
}

TEST(ActivationTest, KeepsTheSmallTailOfGelu) {
  ebb::testing::for_each_backend([]<class> {
    Operands<float> operands({1, 3, Activation::gelu, false, 0.0F});
    const float values[] = {-3.0F, -5.0F, -1e-30F};
    std::copy_n(values, 3, operands.input.data());
    run_kernel(operands, 1);
    for (std::size_t i = 0; i < 3; ++i) {
      // x erfc(-x / sqrt(2)) / 2, which does not cancel.
      const double x = values[i];
      const double exact = x * std::erfc(-x / std::sqrt(2.0)) / 2;
      EXPECT_NEAR(operands.output[i], exact, 3e-6 * std::fabs(exact)) << x;
    }
  });
}

TEST(ActivationTest, ComputesF64ByTheReference) {
  const Case spec{7, 31, Activation::gelu, true, 0.1F};
  Operands<double> expected(spec);
  Operands<double> actual(spec);
  run_reference(expected);
  run_kernel(actual, 3, Device());
  expect_same_bits("output", expected.output, actual.output);
  expect_same_bits("grad_bias", expected.grad_bias, actual.grad_bias);
}

TEST(ActivationTest, AccumulatesTheGradientOfTheBias) {
  Operands<float> operands({7, 31, Activation::silu, true, 0.1F});
  run_kernel(operands, 1);
  const Buffer<float> once = operands.grad_bias;
  Context context(test_device(), 1);
  ActivationBackward again = operands.backward();
  again.accumulate = true;
  activation_backward(context, again);
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_FLOAT_EQ(operands.grad_bias[i], 2 * once[i]);
  }
}

TEST(ActivationTest, NamesAreParsedBack) {
  for (const Activation kind : kKinds) EXPECT_EQ(parse_activation(name_of(kind)), kind);
  expect_error<DataError>("unknown activation \"tanh\": expected identity, relu, gelu or silu",
                          [] { parse_activation("tanh"); });
}

TEST(ActivationTest, NamesTheOperandThatDoesNotFit) {
  Context context({}, 1);
  Operands<float> operands({32, 128, Activation::gelu, true, 0.0F});
  Buffer<float> short_bias({64});
  ActivationForward p = operands.forward();
  p.bias = short_bias.view();
  expect_error("activation: bias is [64], expected [128] ([columns], the last dimension of input)",
               [&] { activation(context, p); });
  p = operands.forward();
  p.output = p.derivative;
  expect_error(
      "activation: output and derivative share their memory; leave out derivative or give it its "
      "own",
      [&] { activation(context, p); });
  p = operands.forward();
  p.dropout.probability = 1.0F;
  expect_error("activation: dropout probability is 1, expected one in [0, 1)",
               [&] { activation(context, p); });
  ActivationBackward backward = operands.backward();
  backward.derivative = {};
  expect_error("activation_backward: derivative is missing",
               [&] { activation_backward(context, backward); });
}

TEST(ActivationTest, RefusesStorageTypes) {
  EXPECT_EQ(activation_unsupported({}, DType::f64), "");
  EXPECT_EQ(activation_unsupported({}, DType::f16),
            "the CPU computes in f32 and f64, not in f16; cast first");
}

}  // namespace
}  // namespace ebb::kernels
