#include "kernels/reduce/reduce.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/reduce/reduce_reference.h"
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

struct Case {
  Shape input;
  std::optional<int> dimension;
  Shape output;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << to_string(c.input) << " to " << to_string(c.output);
}

template <class T>
Reduce operands(const Case& c, ReduceOperation operation, const Buffer<T>& input,
                Buffer<T>& output) {
  Reduce p;
  p.operation = operation;
  p.input = input.view();
  p.dimension = c.dimension;
  p.output = output.view();
  return p;
}

class ReduceTest : public ::testing::TestWithParam<Case> {};

TEST_P(ReduceTest, FollowsTheErrorRuleWithEqualBitsForAnyNumberOfThreads) {
  const Case& c = GetParam();
  const Buffer<float> input = random_normal<float>(c.input, 1);
  const Buffer<double> wide_input = converted<double>(input);
  for (const ReduceOperation operation : {ReduceOperation::sum, ReduceOperation::mean}) {
    Buffer<double> oracle(c.output);
    Buffer<float> naive(c.output);
    reference::reduce<double>(operands(c, operation, wide_input, oracle));
    reference::reduce<float>(operands(c, operation, input, naive));
    ebb::testing::for_each_instruction_set([&] {
      Buffer<float> first(c.output);
      for (const int threads : ebb::testing::kThreadCounts) {
        Context context({}, threads);
        Buffer<float> output(c.output);
        reduce(context, operands(c, operation, input, output));
        expect_within("output", output, naive, oracle, kForwardRule);
        if (threads == 1) first = output;
        expect_same_bits("output", first, output);
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ReduceTest,
    ::testing::Values(Case{{1}, 0, {}}, Case{{7, 31}, 1, {7}}, Case{{7, 31}, 0, {31}},
                      Case{{33, 257}, -1, {33, 1}}, Case{{257, 7}, -2, {1, 7}},
                      Case{{3, 600, 33}, 1, {3, 33}}, Case{{3, 7, 5000}, 2, {3, 7}},
                      Case{{5, 1, 31}, 1, {5, 31}}, Case{{1500, 96}, 0, {96}},
                      Case{{31, 33, 7}, std::nullopt, {}}, Case{{100003}, std::nullopt, {1}}));

TEST(ReduceDetailsTest, ReducesNothing) {
  Context context({}, 2);
  const Buffer<float> input({3, 0});
  Buffer<float> output({3});
  reduce(context, operands({{3, 0}, 1, {3}}, ReduceOperation::sum, input, output));
  for (const float value : output.values()) EXPECT_EQ(value, 0.0F);
  reduce(context, operands({{3, 0}, 1, {3}}, ReduceOperation::mean, input, output));
  for (const float value : output.values()) EXPECT_TRUE(std::isnan(value));
  Buffer<float> none({0});
  reduce(context, operands({{3, 0}, 0, {0}}, ReduceOperation::sum, input, none));
}

TEST(ReduceDetailsTest, AccumulatesAndComputesInF64) {
  Context context({}, 2);
  const Case c{{33, 7}, 0, {7}};
  const Buffer<double> input = random_normal<double>(c.input, 1);
  Buffer<double> expected(c.output);
  reference::reduce<double>(operands(c, ReduceOperation::mean, input, expected));
  Buffer<double> output({7}, std::vector<double>(7, 10.0));
  Reduce p = operands(c, ReduceOperation::mean, input, output);
  p.accumulate = true;
  reduce(context, p);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_DOUBLE_EQ(output[i], 10.0 + expected[i]);

  const Buffer<float> narrow = converted<float>(input);
  Buffer<float> sums({7}, std::vector<float>(7, 10.0F));
  p = operands(c, ReduceOperation::mean, narrow, sums);
  p.accumulate = true;
  reduce(context, p);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(sums[i], 10.0 + expected[i], 1e-5);
}

TEST(ReduceDetailsTest, KeepsNaNAndInfinities) {
  ebb::testing::for_each_instruction_set([] {
    Context context({}, 1);
    Buffer<float> input = random_normal<float>({4, 67}, 1);
    input[5] = kNaN;
    input[67 + 66] = kInfinity;
    input[2 * 67] = kInfinity;
    input[2 * 67 + 1] = -kInfinity;
    Buffer<float> rows({4});
    reduce(context, operands({{4, 67}, 1, {4}}, ReduceOperation::sum, input, rows));
    EXPECT_TRUE(std::isnan(rows[0]));
    EXPECT_EQ(rows[1], kInfinity);
    EXPECT_TRUE(std::isnan(rows[2]));
    EXPECT_TRUE(std::isfinite(rows[3]));
    Buffer<float> columns({67});
    reduce(context, operands({{4, 67}, 0, {67}}, ReduceOperation::mean, input, columns));
    EXPECT_EQ(columns[0], kInfinity);
    EXPECT_TRUE(std::isfinite(columns[2]));
    EXPECT_TRUE(std::isnan(columns[5]));
  });
}

TEST(ReduceDetailsTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  const Buffer<float> input({4, 8});
  Buffer<float> output({4});
  expect_error(
      "reduce: output is [4], expected [8] (input without the reduced dimension, or with extent 1 "
      "in its place)",
      [&] {
        reduce(context, operands({{}, 0, {}}, ReduceOperation::sum, input, output));
      });
  expect_error("reduce: dimension 2 of an input of shape [4, 8], expected one from -2 to 1", [&] {
    reduce(context, operands({{}, 2, {}}, ReduceOperation::sum, input, output));
  });
  const Buffer<float> other({5});
  const ConstView inputs[] = {output.view(), other.view()};
  expect_error("sum_buffers: an input is [5], expected [4] (as output)", [&] {
    sum_buffers(context, {inputs, output.view()});
  });
  expect_error("sum_buffers: there are no inputs, expected at least one", [&] {
    sum_buffers(context, {{}, output.view()});
  });
  EXPECT_EQ(reduce_unsupported({}, DType::i64),
            "the CPU computes in f32 and f64, not in i64; cast first");
}

TEST(SumOfSquaresTest, IsAccumulatedInF64AtEveryInstructionSet) {
  for (const std::int64_t count : {0, 1, 7, 31, 33, 257, 4097, 200003}) {
    const Buffer<float> input = random_normal<float>({count}, 1);
    long double oracle = 0.0L;
    for (const float value : input.values()) oracle += static_cast<long double>(value) * value;
    // One rounding of half an ulp per addition: up to 1024 in a running sum of a block (two lanes,
    // two sums), and one per block.
    const double bound = (1024.0 + static_cast<double>(count) / 4096 + 4) * 0x1p-53;
    ebb::testing::for_each_instruction_set([&] {
      Context first({}, 1);
      const double expected = sum_of_squares(first, input.view());
      EXPECT_NEAR(expected, static_cast<double>(oracle), bound * static_cast<double>(oracle));
      for (const int threads : ebb::testing::kThreadCounts) {
        Context context({}, threads);
        EXPECT_EQ(sum_of_squares(context, input.view()), expected);
      }
    });
  }
}

TEST(SumOfSquaresTest, DoesNotOverflowAndKeepsNaN) {
  Context context({}, 1);
  Buffer<float> input({100}, std::vector<float>(100, 1e30F));
  EXPECT_NEAR(sum_of_squares(context, input.view()), 1e62, 1e56);
  input[3] = kInfinity;
  EXPECT_EQ(sum_of_squares(context, input.view()), std::numeric_limits<double>::infinity());
  input[99] = kNaN;
  EXPECT_TRUE(std::isnan(sum_of_squares(context, input.view())));
  const Buffer<double> wide({3}, {1.0, 2.0, 3.0});
  EXPECT_EQ(sum_of_squares(context, wide.view()), 14.0);
}

TEST(SumBuffersTest, AddsInOrder) {
  ebb::testing::for_each_instruction_set([] {
    for (const std::int64_t count : {0, 1, 7, 31, 33, 257, 50001}) {
      std::vector<Buffer<float>> buffers;
      std::vector<ConstView> inputs;
      for (std::uint64_t k = 0; k < 5; ++k) buffers.push_back(random_normal<float>({count}, k));
      for (const Buffer<float>& buffer : buffers) inputs.push_back(buffer.view());
      Buffer<float> expected({count});
      reference::sum_buffers<float>({inputs, expected.view()});
      for (const int threads : ebb::testing::kThreadCounts) {
        Context context({}, threads);
        Buffer<float> output({count});
        sum_buffers(context, {inputs, output.view()});
        expect_same_bits("output", expected, output);
      }
      Context context({}, 1);
      sum_buffers(context, {inputs, buffers[0].view()});
      expect_same_bits("over the first input", expected, buffers[0]);
    }
  });
}

}  // namespace
}  // namespace ebb::kernels
