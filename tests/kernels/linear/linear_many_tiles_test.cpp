// The linear layer on CUDA where the output has so many tiles that our own kernels take the larger
// ones (fits_large_tiles), with every kind of operands. The parametrised tests are too small for
// it.
#include <gtest/gtest.h>

#include "kernels/activation/activation_reference.h"
#include "kernels/bf16_product/bf16_product_reference.h"
#include "kernels/linear/linear.h"
#include "kernels/matrix_product/gemm.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::random_normal;
using ebb::testing::test_device;
using ebb::testing::transposed;

// With tails, and a product so short that the tests take seconds.
constexpr std::int64_t kRows = 1000;
constexpr std::int64_t kIn = 8;
constexpr std::int64_t kOut = 2000;

template <class T>
struct Layer {
  LinearForward forward() {
    return {.input = input.view(),
            .weight = weight.view(),
            .bias = bias.view(),
            .activation = Activation::silu,
            .dropout = {.probability = 0.1F, .key = {.seed = 9, .step = 2, .stream = 1}},
            .derivative = derivative.view(),
            .output = output.view()};
  }
  /// Plain loops; `multiply` gives the output before bias and activation.
  template <class Multiply>
  void run_reference(Multiply&& multiply) {
    const LinearForward f = forward();
    multiply(f.input, transposed(f.weight), f.output);
    reference::activation<T>({.input = f.output,
                              .bias = f.bias,
                              .kind = f.activation,
                              .dropout = f.dropout,
                              .derivative = f.derivative,
                              .output = f.output});
  }

  Buffer<T> input = random_normal<T>({kRows, kIn}, 1);
  Buffer<T> weight = random_normal<T>({kOut, kIn}, 2, 0.3);
  Buffer<T> bias = random_normal<T>({kOut}, 3);
  Buffer<T> derivative{{kRows, kOut}};
  Buffer<T> output{{kRows, kOut}};
};

template <class T>
void multiply_exactly(const ConstView& a, const ConstView& b, const View& output) {
  reference::matrix_product<T>({a, b, output, false});
}

void multiply_rounded(const ConstView& a, const ConstView& b, const View& output) {
  reference::bf16_product(a, b, output, false);
}

template <class T>
void expect_error_rule(Layer<T>& actual, Layer<float>& naive) {
  Layer<double> oracle;
  oracle.run_reference(multiply_exactly<double>);
  expect_within("derivative", actual.derivative, naive.derivative, oracle.derivative, kForwardRule);
  expect_within("output", actual.output, naive.output, oracle.output, kForwardRule);
}

class LinearManyTilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test_device().is_cuda()) GTEST_SKIP() << "CUDA alone has other kernels for many tiles";
    ASSERT_TRUE(gemm::fits_large_tiles({.m = kRows, .n = kOut, .k = kIn}));
  }

  const ebb::testing::ChosenProductLibrary own_{"own"};
};

TEST_F(LinearManyTilesTest, FollowsTheErrorRuleInEveryDtype) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Layer<float> naive;
    naive.run_reference(multiply_exactly<float>);
    Layer<T> actual;
    Context context(test_device(), 1);
    linear(context, actual.forward());
    expect_error_rule(actual, naive);
  });
}

TEST_F(LinearManyTilesTest, FollowsTheErrorRuleWithProductsInBf16) {
  Layer<float> naive;
  naive.run_reference(multiply_rounded);
  Layer<float> actual;
  Context context(test_device(), 1);
  PackedMatrix packed(kIn, kOut, test_device());
  LinearForward f = actual.forward();
  packed.pack(context, transposed(f.weight));
  f.packed_weight = &packed;
  linear(context, f);
  expect_error_rule(actual, naive);
}

}  // namespace
}  // namespace ebb::kernels
