// The linear layer with products in bf16, against plain loops over rounded operands.
#include <gtest/gtest.h>

#include "kernels/activation/activation_reference.h"
#include "kernels/bf16_product/bf16_product_reference.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/linear/linear_operands.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::LinearCase;
using ebb::testing::LinearOperands;
using ebb::testing::test_device;
using ebb::testing::transposed;

template <class T>
void plain_product(const ConstView& a, const ConstView& b, const View& output, bool accumulate) {
  if constexpr (std::is_same_v<T, float>) {
    reference::bf16_product(a, b, output, accumulate);
  } else {
    reference::matrix_product<T>({a, b, output, accumulate});
  }
}

/// Both directions as plain loops: f64 exactly, f32 with rounded operands of products.
template <class T>
void run_rounded_reference(LinearOperands<T>& layer) {
  const LinearForward f = layer.forward();
  plain_product<T>(f.input, transposed(f.weight), f.output, false);
  reference::activation<T>({.input = f.output,
                            .bias = f.bias,
                            .kind = f.activation,
                            .dropout = f.dropout,
                            .derivative = f.derivative,
                            .output = f.output});
  const LinearBackward b = layer.backward();
  const Buffer<T> ones(layer.output.shape(), std::vector<T>(layer.output.size(), T{1}));
  reference::activation_backward<T>({.derivative = layer.curved() ? b.derivative : ones.view(),
                                     .grad_output = b.grad_output,
                                     .grad_input = b.grad_pre_activation,
                                     .grad_bias = b.grad_bias,
                                     .accumulate = b.accumulate_bias});
  plain_product<T>(b.grad_pre_activation, b.weight, b.grad_input, b.accumulate_input);
  plain_product<T>(transposed(b.grad_pre_activation), b.input, b.grad_weight, b.accumulate_weight);
}

void run_kernel(LinearOperands<float>& layer, int threads) {
  const LinearCase& c = layer.spec;
  Context context(test_device(), threads);
  PackedMatrix forward_weight(c.in, c.out, test_device());
  forward_weight.pack(context, transposed(layer.weight.view()));
  PackedMatrix backward_weight(c.out, c.in, test_device());
  backward_weight.pack(context, layer.weight.view());
  Buffer<BFloat16> rounded({c.rows, c.in});
  LinearForward f = layer.forward();
  f.packed_weight = &forward_weight;
  f.rounded_input = rounded.view();
  linear(context, f);
  LinearBackward b = layer.backward();
  b.packed_weight = &backward_weight;
  b.input = f.rounded_input;
  linear_backward(context, b);
}

class LinearBf16Test : public ::testing::TestWithParam<LinearCase> {
 protected:
  void SetUp() override {
    const std::string reason = bf16_product_unsupported(test_device());
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
};

TEST_P(LinearBf16Test, FollowsTheErrorRuleOnEveryBackend) {
  LinearOperands<double> oracle(GetParam());
  LinearOperands<float> naive(GetParam());
  run_rounded_reference(oracle);
  run_rounded_reference(naive);
  ebb::testing::for_each_product_library([&] {
    ebb::testing::for_each_backend([&]<class T> {
      LinearOperands<float> actual(GetParam());
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
  });
}

TEST_P(LinearBf16Test, HasEqualBitsForAnyNumberOfThreads) {
  ebb::testing::for_each_product_library([&] {
    LinearOperands<float> first(GetParam());
    run_kernel(first, 1);
    for (const int threads : ebb::testing::kThreadCounts) {
      if (test_device().is_cuda() && threads > 1) break;
      LinearOperands<float> other(GetParam());
      run_kernel(other, threads);
      expect_same_bits("output", first.output, other.output);
      expect_same_bits("grad_input", first.grad_input, other.grad_input);
      expect_same_bits("grad_weight", first.grad_weight, other.grad_weight);
      expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
    }
  });
}

// Without room for the rounded input the kernel rounds into scratch memory of its own.
TEST_P(LinearBf16Test, DoesNotNeedTheRoundedInput) {
  ebb::testing::for_each_product_library([&] {
    LinearOperands<float> kept(GetParam());
    run_kernel(kept, 1);
    LinearOperands<float> dropped(GetParam());
    Context context(test_device(), 2);
    PackedMatrix packed(GetParam().in, GetParam().out, test_device());
    packed.pack(context, transposed(dropped.weight.view()));
    LinearForward f = dropped.forward();
    f.packed_weight = &packed;
    linear(context, f);
    expect_same_bits("output", kept.output, dropped.output);
  });
}

// A weight that is packed from [in, out] is not that of the fused kernel on CUDA.
TEST_P(LinearBf16Test, TakesAWeightPackedFromItsTranspose) {
  ebb::testing::for_each_product_library([&] {
    const LinearCase& c = GetParam();
    LinearOperands<float> kept(c);
    run_kernel(kept, 1);
    LinearOperands<float> other(c);
    Buffer<float> turned({c.in, c.out});
    for (std::int64_t i = 0; i < c.in * c.out; ++i) {
      turned[static_cast<std::size_t>(i)] =
          other.weight[static_cast<std::size_t>(i % c.out * c.in + i / c.out)];
    }
    Context context(test_device(), 1);
    PackedMatrix packed(c.in, c.out, test_device());
    packed.pack(context, turned.view());
    LinearForward f = other.forward();
    f.packed_weight = &packed;
    linear(context, f);
    expect_within("output", other.output, kept.output, ebb::testing::converted<double>(kept.output),
                  ebb::testing::kForwardRule);
  });
}

// From one row to several blocks of 128.
INSTANTIATE_TEST_SUITE_P(Shapes, LinearBf16Test,
                         ::testing::Values(LinearCase{1, 1, 1, Activation::identity, 0.0F, false},
                                           LinearCase{7, 31, 33, Activation::relu, 0.0F, true},
                                           LinearCase{128, 64, 64, Activation::gelu, 0.1F, false},
                                           LinearCase{257, 33, 7, Activation::silu, 0.5F, true},
                                           LinearCase{300, 64, 257, Activation::gelu, 0.1F, false},
                                           LinearCase{400, 257, 64, Activation::identity, 0.1F,
                                                      true},
                                           LinearCase{600, 64, 32, Activation::gelu, 0.1F, true}));

}  // namespace
}  // namespace ebb::kernels
