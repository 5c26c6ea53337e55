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
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;

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
  Operands<double> oracle(GetParam());
  Operands<float> naive(GetParam());
  reference::embedding<float>(naive.forward());
  reference::embedding_backward<float>(naive.backward());
  reference::embedding_backward<double>(oracle.backward());
  ebb::testing::for_each_instruction_set([&] {
    for (const int threads : ebb::testing::kThreadCounts) {
      Context context({}, threads);
      Operands<float> actual(GetParam());
      embedding(context, actual.forward());
      embedding_backward(context, actual.backward());
      // The gaps between rows keep their NaN.
      expect_same_bits("output", naive.output, actual.output);
      expect_same_bits("grad_table", naive.grad_table, actual.grad_table);
      expect_within("grad_table", actual.grad_table, naive.grad_table, oracle.grad_table,
                    kGradientRule);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, EmbeddingTest,
                         ::testing::Values(Case{1, 1, 1, 1, 0}, Case{7, 31, 5, 33, 0},
                                           Case{33, 7, 257, 31, 9}, Case{257, 3, 31, 64, 64},
                                           Case{700, 11, 40, 96, 0}, Case{31, 2, 3, 257, 1},
                                           Case{0, 4, 3, 8, 0}));

TEST(EmbeddingDetailsTest, OverwritesOrAccumulates) {
  const Case spec{7, 31, 40, 33, 0};
  Operands<float> once(spec);
  Operands<float> twice(spec);
  Context context({}, 2);
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
  Context context({}, 1);
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
