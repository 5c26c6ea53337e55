#include "kernels/matrix_product/matrix_product.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/matrix_product/gemm.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::for_each_product_backend;
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

template <class T>
void expect_error_rule(const Case& c) {
  Operands<double> oracle(c);
  Operands<float> naive(c);
  Operands<T> actual(c);
  reference::matrix_product<double>(oracle.parameters());
  reference::matrix_product<float>(naive.parameters());
  Context context(test_device(), 2);
  matrix_product(context, actual.parameters());
  expect_within("output", actual.output, naive.output, oracle.output, ebb::testing::kForwardRule);
}

TEST_P(MatrixProductTest, FollowsTheErrorRule) {
  for_each_product_backend([&]<class T> { expect_error_rule<T>(GetParam()); });
}

TEST_P(MatrixProductTest, HasEqualBitsForAnyNumberOfThreads) {
  for_each_product_backend([&]<class T> {
    Operands<T> first(GetParam());
    Context one(test_device(), 1);
    matrix_product(one, first.parameters());
    for (const int threads : ebb::testing::kThreadCounts) {
      if (test_device().is_cuda() && threads > 2) break;
      Operands<T> other(GetParam());
      Context context(test_device(), threads);
      matrix_product(context, other.parameters());
      expect_same_bits("output", first.output, other.output);
    }
  });
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

// Enough tiles for the larger of our kernels on CUDA, all layouts, with and without whole quads.
TEST(MatrixProductTest, FollowsTheErrorRuleOnManyTiles) {
  const ebb::testing::ChosenProductLibrary own("own");
  ebb::testing::for_each_storage_backend([]<class T> {
    for (const Case& c :
         {Case{16, 500, 250, 21, false, true, true}, Case{1, 1500, 1400, 4, true, false, false},
          Case{8, 500, 500, 8, false, false, false}, Case{1, 1500, 1400, 3, true, true, false}}) {
      EXPECT_TRUE(
          gemm::fits_large_tiles({.m = c.m, .n = c.n, .k = c.k, .batch = {{1, 1, 1, c.batch}}}));
      expect_error_rule<T>(c);
    }
  });
}

/// A matrix whose lines have room between them and do not begin at multiples of 16 bytes. The room
/// must stay as it is.
template <class T>
struct Apart {
  Apart(std::int64_t rows, std::int64_t columns, std::int64_t begin, std::int64_t room,
        std::uint64_t seed)
      : shape{rows, columns},
        first(begin),
        leading(columns + room),
        memory(random_normal<T>({begin + rows * (columns + room)}, seed)) {}

  View view() { return {memory.data() + first, dtype_of<T>, shape, Shape{leading, 1}}; }

  Shape shape;
  std::int64_t first, leading;
  Buffer<T> memory;
};

template <class T>
struct ApartOperands {
  ApartOperands(std::int64_t begin, std::int64_t room)
      : a(37, 70, begin, room, 1), b(70, 45, begin, room, 2), output(37, 45, begin, room, 3) {}
  MatrixProduct parameters() { return {a.view(), b.view(), output.view(), true}; }

  Apart<T> a, b, output;
};

TEST(MatrixProductTest, TakesLinesThatAreApartAndNotAligned) {
  for_each_product_backend([]<class T> {
    for (const std::int64_t begin : {0, 1, 8}) {
      for (const std::int64_t room : {1, 3, 10}) {
        ApartOperands<double> oracle(begin, room);
        ApartOperands<float> naive(begin, room);
        ApartOperands<T> actual(begin, room);
        reference::matrix_product<double>(oracle.parameters());
        reference::matrix_product<float>(naive.parameters());
        Context context(test_device(), 1);
        matrix_product(context, actual.parameters());
        expect_within("output", actual.output.memory, naive.output.memory, oracle.output.memory,
                      ebb::testing::kForwardRule);
      }
    }
  });
}

/// Heads of an attention as batches, which are not evenly spaced, and one b for all of them.
template <class T>
struct HeadOperands {
  MatrixProduct parameters() {
    return {{a.data(), dtype_of<T>, {3, 2, 9, 16}, {9 * 32, 16, 32, 1}},
            {b.data(), dtype_of<T>, {3, 2, 16, 12}, {0, 16 * 12, 12, 1}},
            {output.data(), dtype_of<T>, {3, 2, 9, 12}, {9 * 24, 12, 24, 1}},
            false};
  }

  Buffer<T> a = random_normal<T>({3, 9, 2, 16}, 1);
  Buffer<T> b = random_normal<T>({2, 16, 12}, 2);
  Buffer<T> output{{3, 9, 2, 12}};
};

TEST(MatrixProductTest, TakesBatchesOfAnyStrides) {
  for_each_product_backend([]<class T> {
    HeadOperands<double> oracle;
    HeadOperands<float> naive;
    HeadOperands<T> actual;
    reference::matrix_product<double>(oracle.parameters());
    reference::matrix_product<float>(naive.parameters());
    Context context(test_device(), 2);
    matrix_product(context, actual.parameters());
    expect_within("output", actual.output, naive.output, oracle.output, ebb::testing::kForwardRule);
  });
}

TEST(MatrixProductTest, MultipliesNothingToZeros) {
  for_each_product_backend([]<class T> {
    Operands<T> operands({1, 3, 4, 0, false, false, false});
    Context context(test_device(), 1);
    matrix_product(context, operands.parameters());
    for (const T value : operands.output.values()) EXPECT_EQ(ebb::testing::to_double(value), 0.0);
    for (const Case& c :
         {Case{1, 0, 4, 3, false, false, false}, Case{1, 3, 0, 4, true, false, true},
          Case{0, 3, 4, 5, false, true, false}}) {
      Operands<T> empty(c);
      matrix_product(context, empty.parameters());
    }
  });
}

TEST(MatrixProductTest, KeepsNaNAndInfinitiesInTheirRows) {
  for_each_product_backend([]<class T> {
    // With tails in every direction, and with sums of parts of k.
    for (const std::int64_t k : {4, 70, 521}) {
      Operands<T> operands({1, 67, 5, k, false, false, false});
      std::fill_n(operands.b.data(), operands.b.size(), ebb::testing::to_number<T>(1.0));
      const auto set = [&](std::int64_t row, std::int64_t step, double value) {
        operands.a[static_cast<std::size_t>(row * k + step)] = ebb::testing::to_number<T>(value);
      };
      set(1, k - 1, std::numeric_limits<double>::quiet_NaN());
      set(66, 2, std::numeric_limits<double>::infinity());
      Context context(test_device(), 1);
      matrix_product(context, operands.parameters());
      for (std::size_t i = 0; i < operands.output.size(); ++i) {
        const double value = ebb::testing::to_double(operands.output[i]);
        EXPECT_EQ(std::isnan(value), i / 5 == 1) << i;
        EXPECT_EQ(std::isinf(value), i / 5 == 66) << i;
      }
    }
  });
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
