#include "kernels/elementwise/elementwise.h"

#include <cmath>
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

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
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
                          {{0, 3}, {3}}};

TEST(BinaryTest, IsExactAtEveryInstructionSetAndThreadCount) {
  // One rounding per element: the kernel must have the bits of the plain loop.
  ebb::testing::for_each_instruction_set([] {
    for (const Shapes& shapes : kShapes) {
      const Buffer<float> first = random_normal<float>(shapes.first, 1);
      const Buffer<float> second = random_normal<float>(shapes.second, 2);
      for (const BinaryOperation operation : kOperations) {
        Buffer<float> expected(shapes.first);
        reference::binary<float>(operands(operation, first, second, expected));
        for (const int threads : ebb::testing::kThreadCounts) {
          SCOPED_TRACE(to_string(shapes.first) + " and " + to_string(shapes.second));
          Context context({}, threads);
          Buffer<float> output(shapes.first);
          binary(context, operands(operation, first, second, output));
          expect_same_bits("output", expected, output);
        }
      }
    }
  });
}

TEST(BinaryTest, WorksInPlaceAndInF64) {
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
  ebb::testing::for_each_instruction_set([] {
    Context context({}, 1);
    const Buffer<float> first({4}, {kNaN, kInfinity, kInfinity, 1.0F});
    const Buffer<float> second({4}, {1.0F, 1.0F, kInfinity, kNaN});
    Buffer<float> output({4});
    binary(context, operands(BinaryOperation::subtract, first, second, output));
    EXPECT_TRUE(std::isnan(output[0]));
    EXPECT_EQ(output[1], kInfinity);
    EXPECT_TRUE(std::isnan(output[2]));
    EXPECT_TRUE(std::isnan(output[3]));
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
  ebb::testing::for_each_instruction_set([] {
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
      Buffer<float> first_sum({count});
      for (const int threads : ebb::testing::kThreadCounts) {
        Context context({}, threads);
        Buffer<float> scaled({count});
        Buffer<float> sum = random_normal<float>({count}, 2);
        scale(context, {input.view(), factor, scaled.view()});
        accumulate(context, {input.view(), factor, sum.view()});
        expect_same_bits("scaled", naive_scaled, scaled);
        expect_within("scaled", scaled, naive_scaled, oracle_scaled, kForwardRule);
        expect_within("sum", sum, naive_sum, oracle_sum, kForwardRule);
        if (threads == 1) first_sum = sum;
        expect_same_bits("sum", first_sum, sum);
      }
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
