#include "kernels/embedding/embedding.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/embedding/embedding_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::converted;
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;
using ebb::testing::test_device;
using ebb::testing::to_double;

struct Case {
  std::int64_t batch;
  std::int64_t tokens;
  std::int64_t count;
  std::int64_t dim;
  std::int64_t gap;  // elements between the rows of output
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.batch << " x " << c.tokens << " of [" << c.count << ", " << c.dim << "] gap " << c.gap;
}

template <class T>
struct Operands {
  explicit Operands(const Case& c)
      : spec(c),
        table(random_normal<T>({c.count, c.dim}, 1)),
        indices({c.batch, c.tokens}),
        output({c.batch, c.tokens, c.dim + c.gap}),
        grad_output(random_normal<T>(output.shape(), 2)),
        grad_table({c.count, c.dim}) {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      // Most rows of few indices, as of real categories.
      const std::uint32_t word = philox({.seed = 3}, i)[0];
      indices[i] = static_cast<std::int32_t>((word % 2 == 0 ? 0 : word / 2) %
                                             static_cast<std::uint32_t>(c.count));
    }
  }

  template <class AnyBuffer>
  auto rows(AnyBuffer& buffer) const {
    auto view = buffer.view();
    view.shape[-1] = spec.dim;
    return view;
  }

  EmbeddingForward forward() {
    EmbeddingForward p;
    p.table = table.view();
    p.indices = indices.view();
    p.output = rows(output);
    return p;
  }

  EmbeddingBackward backward() {
    EmbeddingBackward p;
    p.indices = indices.view();
    p.grad_output = rows(grad_output);
    p.grad_table = grad_table.view();
    return p;
  }

  Case spec;
  Buffer<T> table;
  Buffer<std::int32_t> indices;
  Buffer<T> output, grad_output, grad_table;
};

class EmbeddingTest : public ::testing::TestWithParam<Case> {};

TEST_P(EmbeddingTest, CopiesRowsAndFollowsTheErrorRule) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    reference::embedding<float>(naive.forward());
    reference::embedding_backward<float>(naive.backward());
    reference::embedding_backward<double>(oracle.backward());
    for (const int threads : ebb::testing::kThreadCounts) {
      if (test_device().is_cuda() && threads > 1) break;
      Context context(test_device(), threads);
      Operands<T> actual(GetParam());
      embedding(context, actual.forward());
      embedding_backward(context, actual.backward());
      // The gaps between rows keep their NaN.
      expect_same_bits("output", converted<T>(naive.output), actual.output);
      if (!test_device().is_cuda()) {
        expect_same_bits("grad_table", converted<T>(naive.grad_table), actual.grad_table);
      }
      expect_within("grad_table", actual.grad_table, naive.grad_table, oracle.grad_table,
                    kGradientRule);
      Operands<T> again(GetParam());
      embedding_backward(context, again.backward());
      expect_same_bits("a second time", actual.grad_table, again.grad_table);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, EmbeddingTest,
                         ::testing::Values(Case{1, 1, 1, 1, 0}, Case{7, 31, 5, 33, 0},
                                           Case{33, 7, 257, 31, 9}, Case{257, 3, 31, 64, 64},
                                           Case{700, 11, 40, 96, 0}, Case{31, 2, 3, 257, 1},
                                           Case{0, 4, 3, 8, 0}, Case{31, 1, 1, 12, 0},
                                           Case{33, 1, 1, 12, 4}, Case{50, 41, 255, 8, 0},
                                           Case{50, 41, 256, 8, 8}, Case{41, 51, 70000, 5, 0},
                                           Case{4096, 1, 3, 2, 0}, Case{70, 3, 9, 1100, 0},
                                           Case{70000, 1, 300, 2, 0}, Case{5, 3, 4, 0, 0}));

TEST(EmbeddingDetailsTest, TakesStridesInAnyOrderAndMemoryThatIsNotAligned) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const Case spec{7, 31, 5, 16, 0};
    Operands<T> dense(spec);
    Context context(test_device(), 1);
    embedding(context, dense.forward());
    embedding_backward(context, dense.backward());
    for (const std::int64_t shift : {0, 1}) {
      // [tokens, batch, dim] in memory, shifted.
      Buffer<T> swapped({31 * 7 * 16 + shift});
      const auto rows = [&]() -> View {
        return {swapped.data() + shift, dtype_of<T>, {7, 31, 16}, {16, 7 * 16, 1}};
      };
      const auto at = [&](std::int64_t b, std::int64_t t, std::int64_t column) -> T& {
        return swapped[static_cast<std::size_t>(shift + (t * 7 + b) * 16 + column)];
      };
      Operands<T> other(spec);
      EmbeddingForward forward = other.forward();
      forward.output = rows();
      embedding(context, forward);
      std::size_t i = 0;
      for (std::int64_t b = 0; b < 7; ++b) {
        for (std::int64_t t = 0; t < 31; ++t) {
          for (std::int64_t column = 0; column < 16; ++column, ++i) {
            ASSERT_EQ(to_double(at(b, t, column)), to_double(dense.output[i]));
            at(b, t, column) = dense.grad_output[i];
          }
        }
      }
      EmbeddingBackward backward = other.backward();
      backward.grad_output = rows();
      embedding_backward(context, backward);
      expect_same_bits("grad_table", dense.grad_table, other.grad_table);
    }
  });
}

// A run of equal indices ends before, at and behind the ends of pieces of 32 and of many of them.
TEST(EmbeddingDetailsTest, AddsUpRunsOfAnyLength) {
  for (const std::int32_t length : {31, 32, 33, 63, 64, 65, 96, 97, 1024, 1500}) {
    for (const std::int32_t before : {0, 1, 31, 32}) {
      const std::int64_t count = before + length + 2;
      Buffer<std::int32_t> indices({count});
      Buffer<float> gradients({count, 8});
      for (std::int64_t i = 0; i < count; ++i) {
        indices[static_cast<std::size_t>(i)] = i < before ? 0 : i < before + length ? 1 : 3;
        for (std::int64_t j = 0; j < 8; ++j) {
          gradients[static_cast<std::size_t>(i * 8 + j)] = static_cast<float>(i % 7 + j);
        }
      }
      Buffer<float> expected({4, 8});
      Buffer<float> actual({4, 8});
      EmbeddingBackward p;
      p.indices = indices.view();
      p.grad_output = gradients.view();
      p.grad_table = expected.view();
      reference::embedding_backward<float>(p);
      p.grad_table = actual.view();
      Context context(test_device(), 1);
      embedding_backward(context, p);
      // Sums of small whole numbers are exact.
      expect_same_bits("grad_table", expected, actual);
    }
  }
}

TEST(EmbeddingDetailsTest, OverwritesOrAccumulates) {
  const Case spec{7, 31, 40, 33, 0};
  Operands<float> once(spec);
  Operands<float> twice(spec);
  Context context(test_device(), 2);
  embedding_backward(context, once.backward());
  std::fill_n(twice.grad_table.data(), twice.grad_table.size(), 0.0F);
  EmbeddingBackward p = twice.backward();
  p.accumulate = true;
  embedding_backward(context, p);
  expect_same_bits("accumulated to zeros", once.grad_table, twice.grad_table);
  embedding_backward(context, p);
  for (std::size_t i = 0; i < once.grad_table.size(); ++i) {
    EXPECT_NEAR(twice.grad_table[i], 2 * once.grad_table[i], 1e-4);
  }
}

TEST(EmbeddingDetailsTest, NaNStaysInItsRow) {
  Operands<float> operands({7, 31, 5, 33, 0});
  operands.table[2 * 33 + 4] = std::numeric_limits<float>::quiet_NaN();
  Context context(test_device(), 1);
  embedding(context, operands.forward());
  for (std::size_t i = 0; i < operands.indices.size(); ++i) {
    EXPECT_EQ(std::isnan(operands.output[i * 33 + 4]), operands.indices[i] == 2);
    EXPECT_FALSE(std::isnan(operands.output[i * 33 + 5]));
  }
}

TEST(EmbeddingDetailsTest, ComputesInF64) {
  Operands<double> expected({7, 31, 5, 33, 2});
  Operands<double> actual({7, 31, 5, 33, 2});
  reference::embedding<double>(expected.forward());
  reference::embedding_backward<double>(expected.backward());
  Context context({}, 3);
  embedding(context, actual.forward());
  embedding_backward(context, actual.backward());
  expect_same_bits("output", expected.output, actual.output);
  expect_same_bits("grad_table", expected.grad_table, actual.grad_table);
}

TEST(EmbeddingDetailsTest, OnCudaAnIndexOutsideTheTableGivesNaNAndAddsToNothing) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU refuses it";
  for (const std::int64_t dim : {3, 4}) {
    for (const std::int32_t bad : {5, -1, std::numeric_limits<std::int32_t>::min(), 261}) {
      Operands<float> operands({20, 3, 5, dim, 0});
      for (const std::size_t i : {4U, 7U, 59U}) operands.indices[i] = bad;
      Context context(test_device(), 1);
      embedding(context, operands.forward());
      embedding_backward(context, operands.backward());
      for (std::size_t i = 0; i < operands.output.size(); ++i) {
        const std::size_t row = i / static_cast<std::size_t>(dim);
        EXPECT_EQ(std::isnan(operands.output[i]), row == 4 || row == 7 || row == 59) << row;
      }
      // As if these gradients were zero and belonged to some row.
      Operands<float> expected({20, 3, 5, dim, 0});
      for (const std::int64_t row : {4, 7, 59}) {
        std::fill_n(expected.grad_output.data() + row * dim, dim, 0.0F);
      }
      reference::embedding_backward<float>(expected.backward());
      for (std::size_t i = 0; i < expected.grad_table.size(); ++i) {
        EXPECT_NEAR(operands.grad_table[i], expected.grad_table[i], 1e-5) << bad;
      }
    }
  }
}

TEST(EmbeddingDetailsTest, RefusesAnIndexOutsideTheTableBeforeWriting) {
  for (const std::int32_t bad : {5, -1}) {
    Operands<float> operands({2, 3, 5, 4, 0});
    operands.indices[4] = bad;
    Context context({}, 1);
    expect_error("embedding: index " + std::to_string(bad) +
                     " at position 4 is outside the table, which has 5 rows",
                 [&] { embedding(context, operands.forward()); });
    expect_error("embedding_backward: index " + std::to_string(bad) +
                     " at position 4 is outside the table, which has 5 rows",
                 [&] { embedding_backward(context, operands.backward()); });
    for (const float value : operands.output.values()) EXPECT_TRUE(std::isnan(value));
    for (const float value : operands.grad_table.values()) EXPECT_TRUE(std::isnan(value));
  }
}

TEST(EmbeddingDetailsTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  Operands<float> operands({2, 3, 5, 4, 0});
  EmbeddingForward p = operands.forward();
  p.output.shape = {2, 3, 3};
  expect_error("embedding: output is [2, 3, 3], expected [2, 3, 4] ([shape of indices..., dim])",
               [&] { embedding(context, p); });
  p = operands.forward();
  p.output.strides[-1] = 2;
  expect_error("embedding: output [2, 3, 4] has stride 2 in its last dimension, expected 1",
               [&] { embedding(context, p); });
  p = operands.forward();
  p.indices.dtype = DType::i64;
  expect_error("embedding: indices has dtype i64, expected i32", [&] { embedding(context, p); });
  p = operands.forward();
  p.table.shape = {20};
  expect_error("embedding: table is [20], expected [count, dim]", [&] { embedding(context, p); });
}

}  // namespace
}  // namespace ebb::kernels
