// Elements more than 2^31 elements and 2^32 bytes apart. Their memory is reserved, and only what is
// touched is ever there: strides make the offsets, not data. Operations that take dense operands
// alone (element by element, rows) would have to work on all of it, and are left out.
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/attention/attention.h"
#include "kernels/copy/copy.h"
#include "kernels/dropout/dropout.h"
#include "kernels/embedding/embedding.h"
#include "kernels/matrix_product/matrix_product.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::random_normal;
using ebb::testing::test_device;
using ebb::testing::test_memory;

constexpr std::int64_t kFar = (std::int64_t{1} << 31) + 24;  // elements between rows

/// [2, rows...] whose two halves lie kFar elements apart, with the values of a dense tensor.
template <class T>
class FarApart {
 public:
  explicit FarApart(const Buffer<T>& dense)
      : shape_(dense.shape()),
        half_(dense.shape().elements() / 2),
        memory_(test_memory(static_cast<std::size_t>(kFar + half_) * sizeof(T))) {
    std::copy_n(dense.data(), half_, data());
    std::copy_n(dense.data() + half_, half_, data() + kFar);
  }

  View view() {
    Shape strides = contiguous_strides(shape_);
    strides[0] = kFar;
    return {data(), dtype_of<T>, shape_, strides};
  }
  void expect_equal(const Buffer<T>& dense) const {
    const auto bytes = static_cast<std::size_t>(half_) * sizeof(T);
    EXPECT_EQ(std::memcmp(data(), dense.data(), bytes), 0) << "first half";
    EXPECT_EQ(std::memcmp(data() + kFar, dense.data() + half_, bytes), 0) << "second half";
  }

 private:
  T* data() const { return reinterpret_cast<T*>(memory_.get()); }

  Shape shape_;
  std::int64_t half_;
  ebb::testing::TestMemory memory_;
};

class LargeOffsetsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU counts in 64 bits throughout";
  }
  Context context_{test_device(), 1};
};

TEST_F(LargeOffsetsTest, CopyReadsAndWritesThere) {
  const auto input = random_normal<float>({2, 5, 40}, 1);
  FarApart<float> from(input);
  Buffer<float> gathered({2, 5, 40});
  copy(context_, {.input = from.view(), .output = gathered.view()});
  context_.synchronize();
  EXPECT_EQ(gathered.values(), input.values());
  FarApart<float> to(Buffer<float>({2, 5, 40}));
  copy(context_, {.input = input.view(), .output = to.view()});
  context_.synchronize();
  to.expect_equal(input);
}

TEST_F(LargeOffsetsTest, CopyTransposesThere) {
  const auto input = random_normal<float>({2, 33, 35}, 2);
  FarApart<float> from(input);
  View transposed = from.view();
  std::swap(transposed.shape[1], transposed.shape[2]);
  std::swap(transposed.strides[1], transposed.strides[2]);
  Buffer<float> found({2, 35, 33});
  copy(context_, {.input = transposed, .output = found.view()});
  context_.synchronize();
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t i = 0; i < 35; ++i) {
      for (std::size_t j = 0; j < 33; ++j) {
        ASSERT_EQ(found[(b * 35 + i) * 33 + j], input[(b * 33 + j) * 35 + i]);
      }
    }
  }
}

TEST_F(LargeOffsetsTest, MatrixProductTakesBatchesThere) {
  const auto a = random_normal<float>({2, 20, 12}, 3);
  const auto b = random_normal<float>({2, 12, 28}, 4);
  Buffer<float> expected({2, 20, 28});
  matrix_product(context_, {.a = a.view(), .b = b.view(), .output = expected.view()});
  FarApart<float> far_a(a);
  FarApart<float> far_b(b);
  FarApart<float> output(Buffer<float>({2, 20, 28}));
  matrix_product(context_, {.a = far_a.view(), .b = far_b.view(), .output = output.view()});
  context_.synchronize();
  output.expect_equal(expected);
}

// Rows, not batches, lie apart: the leading dimension itself exceeds 2^31.
TEST_F(LargeOffsetsTest, MatrixProductTakesRowsThere) {
  const auto a = random_normal<float>({2, 12}, 5);
  const auto b = random_normal<float>({12, 28}, 6);
  Buffer<float> expected({2, 28});
  matrix_product(context_, {.a = a.view(), .b = b.view(), .output = expected.view()});
  FarApart<float> far_a(a);
  FarApart<float> output(Buffer<float>({2, 28}));
  matrix_product(context_, {.a = far_a.view(), .b = b.view(), .output = output.view()});
  context_.synchronize();
  output.expect_equal(expected);
}

TEST_F(LargeOffsetsTest, AttentionTakesRowsThere) {
  const auto dense = random_normal<float>({2, 2, 9, 16}, 7);
  Buffer<float> expected({2, 2, 9, 16});
  attention(context_,
            {{.query = dense.view(), .key = dense.view(), .value = dense.view()}, expected.view()});
  FarApart<float> far(dense);
  FarApart<float> output(Buffer<float>({2, 2, 9, 16}));
  attention(context_,
            {{.query = far.view(), .key = far.view(), .value = far.view()}, output.view()});
  context_.synchronize();
  output.expect_equal(expected);
}

TEST_F(LargeOffsetsTest, AttentionGoesBackThere) {
  const Shape shape{2, 2, 9, 16};
  const auto dense = random_normal<float>(shape, 9);
  const auto log_sum_exp = random_normal<float>({2, 2, 9}, 10);
  const auto backward = [&](const ConstView& rows, const View& query, const View& key,
                            const View& value) {
    attention_backward(context_, {{.query = rows, .key = rows, .value = rows},
                                  rows,
                                  log_sum_exp.view(),
                                  rows,
                                  query,
                                  key,
                                  value});
    context_.synchronize();
  };
  Buffer<float> grad_query(shape), grad_key(shape), grad_value(shape);
  backward(dense.view(), grad_query.view(), grad_key.view(), grad_value.view());
  FarApart<float> far(dense);
  FarApart<float> far_query(dense), far_key(dense), far_value(dense);
  backward(far.view(), far_query.view(), far_key.view(), far_value.view());
  far_query.expect_equal(grad_query);
  far_key.expect_equal(grad_key);
  far_value.expect_equal(grad_value);
}

TEST_F(LargeOffsetsTest, EmbeddingReadsTheEndOfALargeTable) {
  constexpr std::int64_t kDim = 64;
  constexpr std::int64_t kCount = kFar / kDim + 2;
  const auto memory = test_memory(static_cast<std::size_t>(kCount * kDim) * sizeof(float));
  auto* table = reinterpret_cast<float*>(memory.get());
  for (std::int64_t i = 0; i < kDim; ++i) {
    table[i] = static_cast<float>(i);
    table[(kCount - 1) * kDim + i] = static_cast<float>(-i);
  }
  const Buffer<std::int32_t> indices({2}, {static_cast<std::int32_t>(kCount - 1), 0});
  Buffer<float> output({2, kDim});
  embedding(context_, {.table = View(table, DType::f32, Shape{kCount, kDim}),
                       .indices = indices.view(),
                       .output = output.view()});
  context_.synchronize();
  for (std::int64_t i = 0; i < kDim; ++i) {
    EXPECT_EQ(output[static_cast<std::size_t>(i)], static_cast<float>(-i));
    EXPECT_EQ(output[static_cast<std::size_t>(kDim + i)], static_cast<float>(i));
  }
}

TEST_F(LargeOffsetsTest, EmbeddingWritesAndAddsUpRowsThere) {
  const auto table = random_normal<float>({3, 12}, 11);
  const auto gradients = random_normal<float>({2, 5, 12}, 12);
  const Buffer<std::int32_t> indices({2, 5}, {0, 2, 2, 1, 0, 1, 1, 2, 0, 2});
  Buffer<float> rows({2, 5, 12}), expected({3, 12}), found({3, 12});
  FarApart<float> far_rows(rows);
  FarApart<float> far_gradients(gradients);
  embedding(context_, {.table = table.view(), .indices = indices.view(), .output = rows.view()});
  embedding(context_,
            {.table = table.view(), .indices = indices.view(), .output = far_rows.view()});
  embedding_backward(
      context_,
      {.indices = indices.view(), .grad_output = gradients.view(), .grad_table = expected.view()});
  embedding_backward(
      context_,
      {.indices = indices.view(), .grad_output = far_gradients.view(), .grad_table = found.view()});
  context_.synchronize();
  far_rows.expect_equal(rows);
  expect_same_bits("grad_table", expected, found);
}

// A table of more rows than an index of 32 bits reaches: every index that is no number of a row
// before 2^31 is no row, and all others are.
TEST_F(LargeOffsetsTest, EmbeddingAddsUpRowsOfATableLongerThanIndices) {
  constexpr std::int64_t kCount = (std::int64_t{1} << 32) + 5;
  const auto memory = test_memory(static_cast<std::size_t>(kCount) * sizeof(float));
  auto* table = reinterpret_cast<float*>(memory.get());
  constexpr std::int32_t kLast = std::numeric_limits<std::int32_t>::max();
  for (const std::int64_t row : {std::int64_t{0}, std::int64_t{7}, std::int64_t{kLast}}) {
    table[row] = 1.0F;
  }
  const Buffer<std::int32_t> indices({5}, {kLast, 7, -1, 0, 7});
  const Buffer<float> gradients({5, 1}, {1.0F, 2.0F, 4.0F, 8.0F, 16.0F});
  embedding_backward(context_, {.indices = indices.view(),
                                .grad_output = gradients.view(),
                                .grad_table = View(table, DType::f32, Shape{kCount, 1}),
                                .accumulate = true});
  context_.synchronize();
  EXPECT_EQ(table[0], 9.0F);
  EXPECT_EQ(table[7], 19.0F);
  EXPECT_EQ(table[kLast], 2.0F);
}

/// What is refused has memory that is only reserved, and nothing reads or writes it.
class TooLargeForAGpuTest : public LargeOffsetsTest {
 protected:
  static constexpr std::int64_t kTooMany = std::int64_t{1} << 32;

  void* reserve(std::int64_t elements) {
    memory_.push_back(test_memory(static_cast<std::size_t>(elements) * sizeof(float)));
    return memory_.back().get();
  }

 private:
  std::vector<ebb::testing::TestMemory> memory_;
};

TEST_F(TooLargeForAGpuTest, MatrixProductSaysHowManyBlocksItWouldTake) {
  const ebb::testing::ChosenProductLibrary own("own");
  const Buffer<float> one({1});
  const Shape pairs{1 << 16, 1 << 16, 1, 1};
  const Shape nowhere{0, 0, 1, 1};
  const View output(reserve(kTooMany), DType::f32, pairs);
  ebb::testing::expect_error(
      "matrix_product: these shapes need 4294967296 x 1 blocks of threads, a GPU takes at most "
      "2147483647 x 65535 at once",
      [&] {
        matrix_product(context_, {.a = ConstView(one.data(), DType::f32, pairs, nowhere),
                                  .b = ConstView(one.data(), DType::f32, pairs, nowhere),
                                  .output = output});
      });
}

TEST_F(TooLargeForAGpuTest, AttentionSaysHowManyQueriesItTakes) {
  const Buffer<float> row({8});
  const Shape many{1, 1, (1 << 29) + 1, 8};
  const ConstView rows(row.data(), DType::f32, many, Shape{0, 0, 0, 1});
  const View output(reserve(many.elements()), DType::f32, many);
  const AttentionInputs inputs{.query = rows, .key = rows, .value = rows};
  ebb::testing::expect_error(
      "attention: 536870913 queries see 536870913 keys, a GPU takes at most 536870912 of each",
      [&] {
        attention(context_, {inputs, output});
      });
  ebb::testing::expect_error(
      "attention_backward: 536870913 queries see 536870913 keys, a GPU takes at most 536870912 of "
      "each",
      [&] {
        const View statistics(output.data, DType::f32, {1, 1, many[2]});
        attention_backward(context_, {inputs, output, statistics, output, output, output, output});
      });
}

TEST_F(TooLargeForAGpuTest, EmbeddingSaysHowManyIndicesItTakes) {
  const std::int64_t count = kTooMany + 64;
  const Buffer<float> row({8});
  Buffer<float> table({3, 8});
  ebb::testing::expect_error(
      "embedding_backward: 4294967360 indices are given, a GPU takes at most 2147483648 at once",
      [&] {
        embedding_backward(
            context_,
            {.indices = ConstView(reserve(count), DType::i32, Shape{count}),
             .grad_output = ConstView(row.data(), DType::f32, Shape{count, 8}, Shape{0, 1}),
             .grad_table = table.view(),
             .accumulate = true});
      });
}

TEST_F(LargeOffsetsTest, DropoutNumbersElementsBeyondIt) {
  const auto input = random_normal<float>({3, 21}, 8);
  for (const std::uint64_t first : {std::uint64_t{1} << 31, (std::uint64_t{1} << 36) - 11}) {
    const DropoutSpec spec{
        .probability = 0.5F, .key = {.seed = 11, .step = 2}, .first_element = first};
    Buffer<float> output({3, 21});
    dropout(context_, {.input = input.view(), .dropout = spec, .output = output.view()});
    context_.synchronize();
    for (std::size_t i = 0; i < input.size(); ++i) {
      EXPECT_EQ(output[i], input[i] * dropout_factor(spec, static_cast<std::int64_t>(i))) << i;
    }
  }
}

}  // namespace
}  // namespace ebb::kernels
