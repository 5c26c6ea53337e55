#include "kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include "kernels/softmax/softmax_reference.h"
#include "tests/kernels/support/backends.h"
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
using ebb::testing::test_device;
using ebb::testing::to_double;

template <class T>
struct Operands {
  explicit Operands(const Shape& shape)
      : input(random_normal<T>(shape, 1, 3.0)), grad_output(random_normal<T>(shape, 2)) {}

  SoftmaxForward forward() { return {.input = input.view(), .output = output.view()}; }
  SoftmaxBackward backward() {
    return {.output = output.view(),
            .grad_output = grad_output.view(),
            .grad_input = grad_input.view()};
  }

  Buffer<T> input, grad_output;
  Buffer<T> output{input.shape()}, grad_input{input.shape()};
};

/// `storage`: of the kernel, which keeps the output so between the directions.
template <class T>
void run_reference(Operands<T>& operands, DType storage) {
  reference::softmax<T>(operands.forward());
  Operands<T> backward(operands);
  for (std::size_t i = 0; i < operands.output.size(); ++i) {
    backward.output[i] = static_cast<T>(rounded_to(storage, operands.output[i]));
  }
  reference::softmax_backward<T>(backward.backward());
  operands.grad_input = backward.grad_input;
}

template <class T>
void run_kernel(Operands<T>& operands, int threads = 1) {
  Context context(test_device(), threads);
  softmax(context, operands.forward());
  softmax_backward(context, operands.backward());
}

class SoftmaxTest : public ::testing::TestWithParam<Shape> {};

TEST_P(SoftmaxTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    run_reference(oracle, dtype_of<T>);
    run_reference(naive, dtype_of<T>);
    // The terms that cancel in the gradient are as large as output * grad_output.
    ErrorRule rule = kGradientRule;
    for (std::size_t i = 0; i < oracle.output.size(); ++i) {
      rule.largest_intermediate =
          std::max(rule.largest_intermediate, std::fabs(oracle.output[i] * oracle.grad_output[i]));
    }
    Operands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("output", actual.output, naive.output, oracle.output, kForwardRule);
    expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input, rule);
  });
}

TEST_P(SoftmaxTest, HasEqualBitsForAnyNumberOfThreadsAndEveryTime) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> first(GetParam());
    run_kernel(first);
    for (const int threads : ebb::testing::kThreadCounts) {
      Operands<T> other(GetParam());
      run_kernel(other, threads);
      expect_same_bits("output", first.output, other.output);
      expect_same_bits("grad_input", first.grad_input, other.grad_input);
      if (test_device().is_cuda()) break;  // threads mean nothing there
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, SoftmaxTest,
                         ::testing::Values(Shape{1, 1}, Shape{7, 2}, Shape{3, 5, 31}, Shape{33, 33},
                                           Shape{257, 64}, Shape{5, 20}, Shape{4, 1000},
                                           Shape{700, 257}, Shape{3, 512}, Shape{2, 4096},
                                           Shape{2, 5003}, Shape{2, 6144}, Shape{2, 12288},
                                           Shape{2, 120000}, Shape{0, 8}, Shape{8, 0},
                                           Shape{600, 10}, Shape{77, 12}, Shape{530, 3},
                                           Shape{9, 32}));

TEST(SoftmaxTest, GivesNaNWhereTheFormulaDoes) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  // On CUDA rows of the first and last widths lie in shared memory.
  for (const std::int64_t columns : {20, 35, 4200}) {
    ebb::testing::for_each_backend([&]<class T> {
      const auto width = static_cast<std::size_t>(columns);
      Operands<float> operands({5, columns});
      std::fill_n(operands.input.data(), width, -kInfinity);
      operands.input[2 * width - 1] = std::numeric_limits<float>::quiet_NaN();
      operands.input[2 * width + 1] = kInfinity;
      std::fill_n(operands.input.data() + 3 * width, width - 1, -kInfinity);
      run_kernel(operands);
      for (std::size_t i = 0; i < 3 * width; ++i) {
        ASSERT_TRUE(std::isnan(operands.output[i])) << i;
        ASSERT_TRUE(std::isnan(operands.grad_input[i])) << i;
      }
      for (std::size_t i = 3 * width; i < 4 * width; ++i) {
        ASSERT_EQ(operands.output[i], i == 4 * width - 1 ? 1.0F : 0.0F);
      }
      for (std::size_t i = 4 * width; i < 5 * width; ++i) {
        ASSERT_TRUE(std::isfinite(operands.output[i]));
      }
    });
  }
}

TEST(SoftmaxTest, TakesOperandsThatAreNotAlignedToAPack) {
  for (const std::int64_t columns : {20, 64}) {
    ebb::testing::for_each_storage_backend([&]<class T> {
      Operands<T> aligned({6, columns});
      run_kernel(aligned);
      Buffer<T> memory({6 * columns + 1});
      std::copy_n(aligned.input.data(), aligned.input.size(), memory.data() + 1);
      const View shifted{memory.data() + 1, dtype_of<T>, Shape{6, columns}};
      Context context(test_device(), 1);
      softmax(context, {.input = shifted, .output = shifted});
      for (std::size_t i = 0; i < aligned.output.size(); ++i) {
        // The order of the sum may differ.
        EXPECT_NEAR(to_double(memory[i + 1]), to_double(aligned.output[i]), epsilon_of<T>());
      }
    });
  }
}

TEST(SoftmaxTest, WorksInPlace) {
  for (const std::int64_t columns : {10, 33}) {
    Operands<float> apart({90, columns});
    Operands<float> in_place({90, columns});
    run_kernel(apart);
    Context context(test_device(), 1);
    softmax(context, {.input = in_place.input.view(), .output = in_place.input.view()});
    expect_same_bits("output", apart.output, in_place.input);
    softmax_backward(context, {.output = in_place.input.view(),
                               .grad_output = in_place.grad_output.view(),
                               .grad_input = in_place.grad_output.view()});
    expect_same_bits("grad_input", apart.grad_input, in_place.grad_output);
  }
}

TEST(SoftmaxTest, HasTheGradientsOfFiniteDifferencesInFloat64) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Operands<double> operands({2, 7});
  run_kernel(operands);
  const Buffer<double> gradient = operands.grad_input;
  const auto loss = [&] {
    run_kernel(operands);
    double total = 0.0;
    for (std::size_t i = 0; i < 14; ++i) total += operands.output[i] * operands.grad_output[i];
    return total;
  };
  for (std::size_t i = 0; i < 14; ++i) {
    const double before = operands.input[i];
    operands.input[i] = before + 1e-5;
    const double above = loss();
    operands.input[i] = before - 1e-5;
    const double below = loss();
    operands.input[i] = before;
    EXPECT_NEAR(gradient[i], (above - below) / 2e-5, 1e-8);
  }
}

TEST(SoftmaxTest, NamesTheOperandThatDoesNotFit) {
  Context context({}, 1);
  Operands<float> operands({3, 4});
  Buffer<float> other({3, 5});
  SoftmaxForward p = operands.forward();
  p.output = other.view();
  try {
    softmax(context, p);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "softmax: output is [3, 5], expected [3, 4] (as input)");
  }
  EXPECT_EQ(softmax_unsupported({}, DType::i32),
            "the CPU computes in f32 and f64, not in i32; cast first");
}

}  // namespace
}  // namespace ebb::kernels
