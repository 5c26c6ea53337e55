#include "kernels/matrix_product/matrix_product.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::random_normal;
using ebb::testing::test_device;

struct Case {
  std::int64_t batch, m, n, k;
  bool transposed_a, transposed_b, accumulate;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.batch << " x " << c.m << " x " << c.n << " x " << c.k << " ta " << c.transposed_a
       << " tb " << c.transposed_b << " accumulate " << c.accumulate;
}

Shape stored(std::int64_t batch, std::int64_t rows, std::int64_t columns, bool transposed) {
  return transposed ? Shape{batch, columns, rows} : Shape{batch, rows, columns};
}

template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c),
        a(random_normal<T>(stored(c.batch, c.m, c.k, c.transposed_a), 1)),
        b(random_normal<T>(stored(c.batch, c.k, c.n, c.transposed_b), 2)),
        output(random_normal<T>({c.batch, c.m, c.n}, 3)) {}

  static ConstView seen(Buffer<T>& buffer, bool transposed) {
    ConstView view = buffer.view();
    if (transposed) {
      std::swap(view.shape[1], view.shape[2]);
      std::swap(view.strides[1], view.strides[2]);
    }
    return view;
  }
  MatrixProduct parameters() {
    return {seen(a, spec.transposed_a), seen(b, spec.transposed_b), output.view(), spec.accumulate};
  }

  Case spec;
  Buffer<T> a, b, output;
};

class MatrixProductTest : public ::testing::TestWithParam<Case> {};

TEST_P(MatrixProductTest, FollowsTheErrorRule) {
  Operands<double> oracle(GetParam());
  Operands<float> naive(GetParam());
  Operands<float> actual(GetParam());
  reference::matrix_product<double>(oracle.parameters());
  reference::matrix_product<float>(naive.parameters());
  Context context(test_device(), 2);
  matrix_product(context, actual.parameters());
  expect_within("output", actual.output, naive.output, oracle.output, ebb::testing::kForwardRule);
}

TEST_P(MatrixProductTest, HasEqualBitsForAnyNumberOfThreads) {
  Operands<float> first(GetParam());
  Context one(test_device(), 1);
  matrix_product(one, first.parameters());
  for (const int threads : ebb::testing::kThreadCounts) {
    Operands<float> other(GetParam());
    Context context(test_device(), threads);
    matrix_product(context, other.parameters());
    expect_same_bits("output", first.output, other.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, MatrixProductTest,
                         ::testing::Values(Case{1, 1, 1, 1, false, false, false},
                                           Case{1, 7, 31, 33, false, true, false},
                                           Case{1, 257, 33, 7, false, false, true},
                                           Case{3, 31, 1, 64, true, false, false},
                                           Case{2, 600, 64, 65, false, true, false},
                                           Case{1, 64, 192, 1000, true, false, true},
                                           Case{1, 1, 33, 257, true, true, false},
                                           Case{5, 33, 7, 1, false, true, true},
                                           Case{1, 700, 1, 33, true, false, true},
                                           // Sums of parts of k, whole quads and not.
                                           Case{1, 64, 64, 640, true, false, false},
                                           Case{2, 67, 33, 1030, false, true, true},
                                           Case{1, 5, 130, 513, false, false, false}));

// Enough tiles for the larger of the kernels on CUDA, with and without whole quads.
TEST(MatrixProductTest, FollowsTheErrorRuleOnManyTiles) {
  for (const Case& c :
       {Case{16, 500, 250, 21, false, true, true}, Case{1, 1500, 1400, 4, true, false, false}}) {
    Operands<double> oracle(c);
    Operands<float> naive(c);
    Operands<float> actual(c);
    reference::matrix_product<double>(oracle.parameters());
    reference::matrix_product<float>(naive.parameters());
    Context context(test_device(), 2);
    matrix_product(context, actual.parameters());
    expect_within("output", actual.output, naive.output, oracle.output, ebb::testing::kForwardRule);
  }
}

TEST(MatrixProductTest, MultipliesNothingToZeros) {
  Operands<float> operands({1, 3, 4, 0, false, false, false});
  Context context(test_device(), 1);
  matrix_product(context, operands.parameters());
  for (const float value : operands.output.values()) EXPECT_EQ(value, 0.0F);
}

TEST(MatrixProductTest, KeepsNaNInItsRow) {
  Operands<float> operands({1, 3, 5, 4, false, false, false});
  operands.a[4] = std::numeric_limits<float>::quiet_NaN();
  Context context(test_device(), 1);
  matrix_product(context, operands.parameters());
  for (std::size_t i = 0; i < 15; ++i) {
    EXPECT_EQ(std::isnan(operands.output[i]), i / 5 == 1) << i;
  }
}

TEST(MatrixProductTest, NamesTheOperandThatDoesNotFit) {
  Operands<float> operands({1, 3, 5, 4, false, false, false});
  Buffer<float> wrong({1, 6, 5});
  MatrixProduct p = operands.parameters();
  p.b = wrong.view();
  Context context(test_device(), 1);
  try {
    matrix_product(context, p);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "matrix_product: b is [1, 6, 5], expected [1, 4, 5] ([..., k, n] for a [1, 3, 4])");
  }
}

}  // namespace
}  // namespace ebb::kernels
