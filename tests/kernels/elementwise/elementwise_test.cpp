#include "kernels/elementwise/elementwise.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/elementwise/elementwise_reference.h"
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
using ebb::testing::kForwardRule;
using ebb::testing::random_normal;
using ebb::testing::test_device;

constexpr float kInfinityF32 = std::numeric_limits<float>::infinity();
constexpr float kNaNF32 = std::numeric_limits<float>::quiet_NaN();
constexpr BinaryOperation kOperations[] = {BinaryOperation::add, BinaryOperation::subtract,
                                           BinaryOperation::multiply};

template <class T>
Binary operands(BinaryOperation operation, const Buffer<T>& first, const Buffer<T>& second,
                Buffer<T>& output) {
  Binary p;
  p.operation = operation;
  p.first = first.view();
  p.second = second.view();
  p.output = output.view();
  return p;
}

struct Shapes {
  Shape first;
  Shape second;
};

const Shapes kShapes[] = {{{1}, {1}},        {{7, 31}, {7, 31}},    {{33, 257}, {257}},
                          {{257, 7}, {7}},   {{5, 7, 33}, {7, 33}}, {{31, 33}, {}},
                          {{3, 600}, {600}}, {{400, 257}, {}},      {{700, 257}, {257}},
                          {{0, 3}, {3}},     {{3, 0}, {0}},         {{9, 3}, {3}},
                          {{65, 40}, {40}},  {{5, 24}, {24}}};

TEST(BinaryTest, IsExactOnEveryBackendForAnyNumberOfThreads) {
  // One operation per element: the kernel must have the bits of the plain loop, rounded to T.
  ebb::testing::for_each_storage_backend([]<class T> {
    for (const Shapes& shapes : kShapes) {
      const Buffer<float> first = random_normal<float>(shapes.first, 1);
      const Buffer<float> second = random_normal<float>(shapes.second, 2);
      const Buffer<T> stored_first = converted<T>(first);
      const Buffer<T> stored_second = converted<T>(second);
      for (const BinaryOperation operation : kOperations) {
        Buffer<float> expected(shapes.first);
        reference::binary<float>(operands(operation, first, second, expected));
        for (const int threads : ebb::testing::kThreadCounts) {
          SCOPED_TRACE(to_string(shapes.first) + " and " + to_string(shapes.second));
          Context context(test_device(), threads);
          Buffer<T> output(shapes.first);
          binary(context, operands(operation, stored_first, stored_second, output));
          expect_same_bits("output", converted<T>(expected), output);
        }
      }
    }
  });
}

TEST(BinaryTest, TakesMemoryThatIsNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const Buffer<T> first = random_normal<T>({5, 24}, 1);
    const Buffer<T> second = random_normal<T>({5, 24}, 2);
    Buffer<T> whole({5, 24});
    Context context(test_device(), 1);
    binary(context, operands(BinaryOperation::multiply, first, second, whole));
    // One operand at a time begins an element late.
    for (int late = 0; late < 3; ++late) {
      Buffer<T> at[] = {Buffer<T>({121}), Buffer<T>({121}), Buffer<T>({121})};
      T* begin[] = {at[0].data(), at[1].data(), at[2].data()};
      begin[late] += 1;
      std::copy_n(first.data(), 120, begin[0]);
      std::copy_n(second.data(), 120, begin[1]);
      binary(context,
             {BinaryOperation::multiply, ConstView(begin[0], dtype_of<T>, {5, 24}),
              ConstView(begin[1], dtype_of<T>, {5, 24}), View(begin[2], dtype_of<T>, {5, 24})});
      EXPECT_EQ(std::memcmp(begin[2], whole.data(), 120 * sizeof(T)), 0) << late;
    }
  });
}

TEST(BinaryTest, GoesRoundTheWholeGrid) {
  // More than the threads of a large GPU take at once.
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no grid";
  for (const std::int64_t columns : {7, 12}) {
    const Shape shape{4500000 / columns, columns};
    Buffer<float> first(shape);
    Buffer<float> second({columns});
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<float>(i % 1000);
    for (std::size_t i = 0; i < second.size(); ++i) second[i] = static_cast<float>(i);
    Buffer<float> expected(shape);
    reference::binary<float>(operands(BinaryOperation::multiply, first, second, expected));
    Buffer<float> output(shape);
    Context context(test_device(), 1);
    binary(context, operands(BinaryOperation::multiply, first, second, output));
    expect_same_bits("output", expected, output);
  }
}

TEST(BinaryTest, WorksInPlace) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Context context(test_device(), 2);
    for (const Shape& shape : {Shape{33}, Shape{7, 33}}) {
      const Buffer<T> second = random_normal<T>(shape, 2);
      Buffer<T> values = random_normal<T>({7, 33}, 1);
      Buffer<T> apart({7, 33});
      binary(context, operands(BinaryOperation::subtract, values, second, apart));
      binary(context, operands(BinaryOperation::subtract, values, second, values));
      expect_same_bits("in place", apart, values);
    }
    const Buffer<T> first = random_normal<T>({7, 33}, 1);
    Buffer<T> second = random_normal<T>({7, 33}, 2);
    Buffer<T> apart({7, 33});
    binary(context, operands(BinaryOperation::subtract, first, second, apart));
    binary(context, operands(BinaryOperation::subtract, first, second, second));
    expect_same_bits("over second", apart, second);
  });
}

TEST(BinaryTest, WorksInPlaceInF64) {
  Context context({}, 2);
  const Buffer<double> second = random_normal<double>({33}, 2);
  Buffer<double> values = random_normal<double>({7, 33}, 1);
  Buffer<double> apart({7, 33});
  binary(context, operands(BinaryOperation::multiply, values, second, apart));
  EXPECT_EQ(apart[40], values[40] * second[7]);
  binary(context, operands(BinaryOperation::multiply, values, second, values));
  expect_same_bits("in place", apart, values);
}

TEST(BinaryTest, KeepsNaNAndInfinities) {
  ebb::testing::for_each_backend([]<class> {
    Context context(test_device(), 1);
    const Buffer<float> first({4}, {kNaNF32, kInfinityF32, kInfinityF32, 1.0F});
    const Buffer<float> second({4}, {1.0F, 1.0F, kInfinityF32, kNaNF32});
    Buffer<float> output({4});
    binary(context, operands(BinaryOperation::subtract, first, second, output));
    EXPECT_TRUE(std::isnan(output[0]));
    EXPECT_EQ(output[1], kInfinityF32);
    EXPECT_TRUE(std::isnan(output[2]));
    EXPECT_TRUE(std::isnan(output[3]));
    const Buffer<float> tiny({4}, {0x1p-140F, -0.0F, 0x1p-126F, -0x1p-149F});
    const Buffer<float> factors({4}, {0.5F, 1.0F, 0.25F, 1.0F});
    binary(context, operands(BinaryOperation::multiply, tiny, factors, output));
    EXPECT_EQ(output[0], 0x1p-141F);
    EXPECT_TRUE(output[1] == 0.0F && std::signbit(output[1]));
    EXPECT_EQ(output[2], 0x1p-128F);
    EXPECT_EQ(output[3], -0x1p-149F);
  });
}

TEST(BinaryTest, NamesShapesThatDoNotFit) {
  Context context({}, 1);
  const Buffer<float> first({4, 8});
  const Buffer<float> second({4});
  Buffer<float> output({4, 8});
  expect_error("add: second is [4], expected the shape of first, [4, 8], or its last dimensions",
               [&] { binary(context, operands(BinaryOperation::add, first, second, output)); });
  const Buffer<double> wide({8});
  Binary p = operands(BinaryOperation::multiply, first, second, output);
  p.second = wide.view();
  expect_error("multiply: second has dtype f64, expected f32", [&] { binary(context, p); });
  p.first = View(nullptr, DType::bf16, {0});
  expect_error<UnsupportedError>(
      "multiply: the CPU computes in f32 and f64, not in bf16; cast first",
      [&] { binary(context, p); });
}

TEST(ScaleAndAccumulateTest, FollowTheErrorRuleWithEqualBitsForAnyNumberOfThreads) {
  ebb::testing::for_each_storage_backend([]<class T> {
    for (const std::int64_t count : {0, 1, 7, 31, 33, 257, 100003}) {
      const Buffer<float> input = random_normal<float>({count}, 1);
      const Buffer<double> wide_input = converted<double>(input);
      const float factor = 0.3F;
      Buffer<double> oracle_scaled({count});
      Buffer<double> oracle_sum = random_normal<double>({count}, 2);
      reference::scale<double>({wide_input.view(), factor, oracle_scaled.view()});
      reference::accumulate<double>({wide_input.view(), factor, oracle_sum.view()});
      Buffer<float> naive_scaled({count});
      Buffer<float> naive_sum = random_normal<float>({count}, 2);
      reference::scale<float>({input.view(), factor, naive_scaled.view()});
      reference::accumulate<float>({input.view(), factor, naive_sum.view()});
      const Buffer<T> stored = converted<T>(input);
      Buffer<T> first_sum({count});
      for (const int threads : ebb::testing::kThreadCounts) {
        Context context(test_device(), threads);
        Buffer<T> scaled({count});
        Buffer<T> sum = random_normal<T>({count}, 2);
        scale(context, {stored.view(), factor, scaled.view()});
        accumulate(context, {stored.view(), factor, sum.view()});
        expect_same_bits("scaled", converted<T>(naive_scaled), scaled);
        expect_within("scaled", scaled, naive_scaled, oracle_scaled, kForwardRule);
        expect_within("sum", sum, naive_sum, oracle_sum, kForwardRule);
        if (threads == 1) first_sum = sum;
        expect_same_bits("sum", first_sum, sum);
      }
    }
  });
}

TEST(ScaleAndAccumulateTest, TakeMemoryThatIsNotAlignedToAPackAndWorkInPlace) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const Buffer<T> input = random_normal<T>({100}, 1);
    Buffer<T> values = input;
    Context context(test_device(), 1);
    scale(context, {ConstView(values.data() + 1, dtype_of<T>, {99}), -2.0,
                    View(values.data() + 1, dtype_of<T>, {99})});
    for (std::size_t i = 1; i < 100; ++i) {
      ASSERT_EQ(ebb::testing::to_double(values[i]), -2.0 * ebb::testing::to_double(input[i])) << i;
    }
    accumulate(context, {ConstView(input.data() + 1, dtype_of<T>, {99}), 4.0,
                         View(values.data() + 1, dtype_of<T>, {99})});
    EXPECT_EQ(ebb::testing::to_double(values[0]), ebb::testing::to_double(input[0]));
    for (std::size_t i = 1; i < 100; ++i) {
      ASSERT_EQ(ebb::testing::to_double(values[i]), 2.0 * ebb::testing::to_double(input[i])) << i;
    }
  });
}

TEST(ScaleAndAccumulateTest, NameWhatDoesNotFit) {
  Context context({}, 1);
  const Buffer<float> input({4});
  Buffer<float> output({5});
  expect_error("scale: output is [5], expected [4] (as input)", [&] {
    scale(context, {input.view(), 1.0, output.view()});
  });
  expect_error("accumulate: output is [5], expected [4] (as input)", [&] {
    accumulate(context, {input.view(), 1.0, output.view()});
  });
}

}  // namespace
}  // namespace ebb::kernels
