// What cuBLASLt does beside the products of a linear layer; linear_test.cpp judges the results.
#include <gtest/gtest.h>

#include "kernels/linear/linear.h"
#include "tests/kernels/linear/linear_operands.h"
#include "tests/kernels/support/product_libraries.h"

#if EBB_WITH_CUDA
#include "kernels/matrix_product/gemm_cuda.h"

namespace ebb::kernels {
namespace {

using ebb::cuda::LibraryEpilogue;
using ebb::testing::LinearOperands;
using ebb::testing::transposed;

// Without activation and dropout, of which cuBLASLt knows nothing.
constexpr ebb::testing::LinearCase kPlain{300, 20, 36, Activation::identity, 0.0F, false};

/// body.operator()<T>() by cuBLASLt, where there is one.
template <class Body>
void with_library(Body&& body) {
  if (!ebb::testing::test_device().is_cuda()) GTEST_SKIP() << "only CUDA devices multiply by it";
  if (!cuda::lt::unavailable().empty()) GTEST_SKIP() << cuda::lt::unavailable();
  const ebb::testing::ChosenProductLibrary chosen("cublaslt");
  ebb::testing::for_each_storage_backend(body);
}

TEST(LinearLibraryTest, TakesABiasBesideAProduct) {
  with_library([]<class T> {
    LinearOperands<T> operands(kPlain);
    const LinearForward f = operands.forward();
    Context context(ebb::testing::test_device(), 1);
    EXPECT_TRUE(gemm::library_takes(
        context, gemm::problem_of(f.input, transposed(f.weight), f.output, false),
        {LibraryEpilogue::bias, operands.bias.data()}));
  });
}

TEST(LinearLibraryTest, TakesTheSumsOfGradientsBesideAProduct) {
  with_library([]<class T> {
    LinearOperands<T> operands(kPlain);
    const LinearBackward b = operands.backward();
    Context context(ebb::testing::test_device(), 1);
    EXPECT_TRUE(gemm::library_takes(
        context, gemm::problem_of(transposed(b.grad_output), b.input, b.grad_weight, false),
        {LibraryEpilogue::sums_of_b, operands.grad_bias.data()}));
  });
}

// A second pass would need sums in f32, forward, and partial sums, backward.
TEST(LinearLibraryTest, APlainLayerNeedsNoWorkspace) {
  with_library([]<class T> {
    LinearOperands<T> operands(kPlain);
    LinearForward f = operands.forward();
    f.derivative = {};
    Context context(ebb::testing::test_device(), 1);
    linear(context, f);
    linear_backward(context, operands.backward());
    EXPECT_EQ(context.workspace().acquire(0), nullptr);
    f.activation = Activation::relu;
    linear(context, f);
    EXPECT_NE(context.workspace().acquire(0), nullptr);
  });
}

}  // namespace
}  // namespace ebb::kernels
#endif
