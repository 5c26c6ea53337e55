#include "kernels/gradient_norm/gradient_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "kernels/gradient_norm/gradient_norm_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::random_normal;
using ebb::testing::test_device;

double total(const Buffer<double>& squares) {
  const auto values = squares.values();
  return std::accumulate(values.begin(), values.end(), 0.0);
}

Buffer<double> squares_of(const ConstView& gradient, int threads = 1) {
  Buffer<double> squares({gradient_norm_parts(gradient.elements())});
  Context context(test_device(), threads);
  gradient_norm(context, {.gradient = gradient, .squares = squares.view()});
  return squares;
}

TEST(GradientNormTest, IsTheSumOfSquaresWithTheSameBitsEveryTime) {
  // Up to 1024 parts are of 1024 elements, then of more.
  for (const std::int64_t n : {0, 1, 3, 257, 1023, 1024, 1025, 70001, 1048576, 1048577, 1050623}) {
    const Buffer<float> gradient = random_normal<float>({n}, 1);
    Buffer<double> expected({gradient_norm_parts(n)});
    reference::gradient_norm<float>({.gradient = gradient.view(), .squares = expected.view()});
    const Buffer<double> first = squares_of(gradient.view());
    EXPECT_NEAR(total(first), total(expected), 1e-13 * total(expected)) << n;
    for (const int threads : {1, 3}) {
      expect_same_bits("squares", first, squares_of(gradient.view(), threads));
    }
    if (!test_device().is_cuda()) continue;
    for (std::size_t i = 0; i < first.size(); ++i) {
      ASSERT_NEAR(first[i], expected[i], 1e-13 * expected[i]) << n << " elements, part " << i;
    }
  }
}

TEST(GradientNormTest, HasAtMost1024PartsThatCoverAll) {
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{1048576}, std::int64_t{1048577},
                               std::int64_t{3000000001}, std::int64_t{1} << 40}) {
    EXPECT_LE(gradient_norm_parts(n), 1024);
    EXPECT_GE(gradient_norm_parts(n) * gradient_norm_part_size(n), n);
  }
  EXPECT_EQ(gradient_norm_parts(0), 0);
}

TEST(GradientNormTest, TakesMemoryThatIsNotAlignedToAPackWithTheSameBits) {
  const Buffer<float> values = random_normal<float>({2500}, 1);
  Buffer<float> shifted({2501});
  std::copy_n(values.data(), 2500, shifted.data() + 1);
  const ConstView view{shifted.data() + 1, DType::f32, {2500}};
  expect_same_bits("squares", squares_of(values.view()), squares_of(view));
}

TEST(GradientNormTest, NeitherOverflowsNorVanishesAndKeepsNaN) {
  Buffer<float> gradient({3000}, std::vector<float>(3000, 1e30F));
  EXPECT_NEAR(total(squares_of(gradient.view())), 3e63, 1e57);
  std::fill_n(gradient.data(), gradient.size(), 1e-30F);
  EXPECT_NEAR(total(squares_of(gradient.view())), 3e-57, 1e-63);
  gradient[2999] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(total(squares_of(gradient.view())), std::numeric_limits<double>::infinity());
  gradient[1500] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(total(squares_of(gradient.view()))));
}

TEST(GradientNormTest, ComputesInF64) {
  const Buffer<double> gradient({3}, {1.0, 2.0, 3.0});
  Buffer<double> squares({1});
  Context context({}, 1);
  gradient_norm(context, {.gradient = gradient.view(), .squares = squares.view()});
  EXPECT_EQ(squares[0], 14.0);
}

TEST(GradientNormTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  const Buffer<float> gradient({1025});
  Buffer<double> squares({1});
  expect_error("gradient_norm: squares is [1], expected [2] (gradient_norm_parts)", [&] {
    gradient_norm(context, {.gradient = gradient.view(), .squares = squares.view()});
  });
  const Buffer<float> matrix({2, 3});
  expect_error("gradient_norm: gradient is [2, 3], expected [6] (one flat buffer)", [&] {
    gradient_norm(context, {.gradient = matrix.view(), .squares = squares.view()});
  });
}

}  // namespace
}  // namespace ebb::kernels
