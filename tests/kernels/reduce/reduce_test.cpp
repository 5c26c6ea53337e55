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
#include "tests/kernels/support/shifted.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::converted;
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::for_each_backend;
using ebb::testing::for_each_storage_backend;
using ebb::testing::kForwardRule;
using ebb::testing::kThreadCounts;
using ebb::testing::random_normal;
using ebb::testing::Shifted;
using ebb::testing::test_device;
using ebb::testing::to_number;

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

template <class T>
void run(const Case& c, ReduceOperation operation, const Buffer<T>& input, Buffer<T>& output,
         int threads = 1, bool accumulate = false) {
  Context context(test_device(), threads);
  Reduce p = operands(c, operation, input, output);
  p.accumulate = accumulate;
  reduce(context, p);
  context.synchronize();
}

class ReduceTest : public ::testing::TestWithParam<Case> {};

TEST_P(ReduceTest, FollowsTheErrorRuleWithEqualBitsForAnyNumberOfThreads) {
  for_each_storage_backend([]<class T> {
    const Case& c = GetParam();
    const Buffer<T> input = random_normal<T>(c.input, 1);
    const Buffer<float> narrow_input = converted<float>(input);
    const Buffer<double> wide_input = converted<double>(input);
    for (const ReduceOperation operation : {ReduceOperation::sum, ReduceOperation::mean}) {
      Buffer<double> oracle(c.output);
      Buffer<float> naive(c.output);
      reference::reduce<double>(operands(c, operation, wide_input, oracle));
      reference::reduce<float>(operands(c, operation, narrow_input, naive));
      Buffer<T> first(c.output);
      for (const int threads : kThreadCounts) {
        Buffer<T> output(c.output);
        run(c, operation, input, output, threads);
        expect_within("output", output, naive, oracle, kForwardRule);
        if (threads == 1) first = output;
        expect_same_bits("output", first, output);
      }
    }
  });
}

// On CUDA one thread adds up to 16 rows; a row changes threads at 256 packs, and is cut into parts
// from 8192 elements on; columns are taken 32 packs at a time.
INSTANTIATE_TEST_SUITE_P(
    Shapes, ReduceTest,
    ::testing::Values(Case{{1}, 0, {}}, Case{{7, 31}, 1, {7}}, Case{{7, 31}, 0, {31}},
                      Case{{33, 257}, -1, {33, 1}}, Case{{257, 7}, -2, {1, 7}},
                      Case{{3, 600, 33}, 1, {3, 33}}, Case{{3, 7, 5000}, 2, {3, 7}},
                      Case{{5, 1, 31}, 1, {5, 31}}, Case{{1500, 96}, 0, {96}},
                      Case{{31, 33, 7}, std::nullopt, {}}, Case{{100003}, std::nullopt, {1}},
                      Case{{4, 16, 520}, 1, {4, 520}}, Case{{3, 17, 264}, 1, {3, 264}},
                      Case{{2, 1000, 8}, 1, {2, 8}}, Case{{1100, 2}, 1, {1100}},
                      Case{{70, 1024}, 1, {70}}, Case{{5, 1032}, 1, {5}}, Case{{2, 16400}, 1, {2}},
                      Case{{3000, 3, 5}, 1, {3000, 5}}));

TEST(ReduceDetailsTest, ReducesNothing) {
  for_each_storage_backend([]<class T> {
    for (const Case& c : {Case{{3, 0}, 1, {3}}, Case{{0, 3}, 0, {3}}}) {
      const Buffer<T> input(c.input);
      Buffer<T> output(c.output);
      run(c, ReduceOperation::sum, input, output, 2);
      for (const float value : converted<float>(output).values()) EXPECT_EQ(value, 0.0F);
      run(c, ReduceOperation::mean, input, output, 2);
      for (const float value : converted<float>(output).values()) EXPECT_TRUE(std::isnan(value));
    }
    const Buffer<T> input({3, 0});
    Buffer<T> none({0});
    run({{3, 0}, 0, {0}}, ReduceOperation::sum, input, none, 2);
  });
}

TEST(ReduceDetailsTest, Accumulates) {
  const auto expect = [](const Case& c) {
    const Buffer<float> input = random_normal<float>(c.input, 1);
    Buffer<double> expected(c.output);
    reference::reduce<double>(
        operands(c, ReduceOperation::mean, converted<double>(input), expected));
    Buffer<float> sums(c.output);
    std::fill_n(sums.data(), sums.size(), 10.0F);
    run(c, ReduceOperation::mean, input, sums, 2, true);
    for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(sums[i], 10.0 + expected[i], 1e-5);
  };
  // Rows, few rows of columns, columns, and what is cut into parts.
  expect({{33, 7}, 1, {33}});
  expect({{9, 8}, 0, {8}});
  expect({{33, 7}, 0, {7}});
  expect({{3000, 7}, 0, {7}});
  expect({{2, 20000}, 1, {2}});
}

TEST(ReduceDetailsTest, ComputesInF64OnTheCpu) {
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
}

TEST(ReduceDetailsTest, TakesMemoryThatIsNotAlignedToAPack) {
  for_each_storage_backend([]<class T> {
    for (const Case& c : {Case{{7, 64}, 1, {7}}, Case{{7, 64}, 0, {64}}, Case{{70, 64}, 0, {64}},
                          Case{{2, 16384}, 1, {2}}}) {
      const Buffer<T> input = random_normal<T>(c.input, 1);
      const Buffer<float> narrow_input = converted<float>(input);
      Buffer<double> oracle(c.output);
      Buffer<float> naive(c.output);
      reference::reduce<double>(
          operands(c, ReduceOperation::sum, converted<double>(input), oracle));
      reference::reduce<float>(operands(c, ReduceOperation::sum, narrow_input, naive));
      Shifted<T> from(input);
      Shifted<T> to{Buffer<T>(c.output)};
      Context context(test_device(), 1);
      reduce(context, {.input = from.view(), .dimension = c.dimension, .output = to.view()});
      context.synchronize();
      expect_within("output", to.values(), naive, oracle, kForwardRule);
    }
  });
}

TEST(ReduceDetailsTest, KeepsNaNAndInfinities) {
  for_each_storage_backend([]<class T> {
    for (const std::int64_t n : {67, 20000}) {
      const auto row = static_cast<std::size_t>(n);
      Buffer<T> input = random_normal<T>({4, n}, 1);
      input[5] = to_number<T>(kNaN);
      input[2 * row - 1] = to_number<T>(kInfinity);
      input[2 * row] = to_number<T>(kInfinity);
      input[2 * row + 1] = to_number<T>(-kInfinity);
      Buffer<T> sums({4});
      run({{4, n}, 1, {4}}, ReduceOperation::sum, input, sums);
      const Buffer<float> rows = converted<float>(sums);
      EXPECT_TRUE(std::isnan(rows[0]));
      EXPECT_EQ(rows[1], kInfinity);
      EXPECT_TRUE(std::isnan(rows[2]));
      EXPECT_TRUE(std::isfinite(rows[3]));
      Buffer<T> means({n});
      run({{4, n}, 0, {n}}, ReduceOperation::mean, input, means);
      const Buffer<float> columns = converted<float>(means);
      EXPECT_EQ(columns[0], kInfinity);
      EXPECT_TRUE(std::isfinite(columns[2]));
      EXPECT_TRUE(std::isnan(columns[5]));
    }
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
  if (!test_device().is_cuda()) return;
  EXPECT_EQ(reduce_unsupported(test_device(), DType::f16), "");
  EXPECT_EQ(reduce_unsupported(test_device(), DType::f64),
            "CUDA computes in f32, bf16 and f16, not in f64; cast first");
}

TEST(SumOfSquaresTest, IsAccumulatedInF64OnEveryInstructionSet) {
  if (test_device().is_cuda()) GTEST_SKIP() << "a GPU has gradient_norm";
  for_each_backend([]<class T> {
    for (const std::int64_t count : {0, 1, 7, 31, 33, 257, 4097, 200003, 1048577}) {
      const Buffer<T> input = random_normal<T>({count}, 1);
      long double oracle = 0.0L;
      for (const float value : input.values()) {
        oracle += static_cast<long double>(value) * value;
      }
      // One rounding of half an ulp per addition: up to 1024 in a running sum of a block (two
      // lanes, two sums), and one per block.
      const double bound = (1024.0 + static_cast<double>(count) / 4096 + 4) * 0x1p-53;
      Context first(test_device(), 1);
      const double expected = sum_of_squares(first, input.view());
      EXPECT_NEAR(expected, static_cast<double>(oracle), bound * static_cast<double>(oracle));
      for (const int threads : kThreadCounts) {
        Context context(test_device(), threads);
        EXPECT_EQ(sum_of_squares(context, input.view()), expected);
      }
      if (count != 4097) continue;
      Shifted<T> shifted(input);
      EXPECT_NEAR(sum_of_squares(first, shifted.view()), expected, bound * expected);
    }
  });
}

TEST(SumOfSquaresTest, DoesNotOverflowAndKeepsNaN) {
  if (test_device().is_cuda()) GTEST_SKIP() << "a GPU has gradient_norm";
  for_each_backend([]<class T> {
    Context context(test_device(), 1);
    Buffer<T> input({100}, std::vector<float>(100, 1e30F));
    EXPECT_NEAR(sum_of_squares(context, input.view()), 1e62, 1e56);
    input[3] = kInfinity;
    EXPECT_EQ(sum_of_squares(context, input.view()), std::numeric_limits<double>::infinity());
    input[99] = kNaN;
    EXPECT_TRUE(std::isnan(sum_of_squares(context, input.view())));
  });
  Context cpu({}, 1);
  const Buffer<double> wide({3}, {1.0, 2.0, 3.0});
  EXPECT_EQ(sum_of_squares(cpu, wide.view()), 14.0);
}

TEST(SumOfSquaresTest, AGpuIsToldWhatItHasInstead) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has it";
  Context context(test_device(), 1);
  const Buffer<float> input({100});
  ebb::testing::expect_error<UnsupportedError>(
      "sum_of_squares: it is the CPU's; a GPU has gradient_norm",
      [&] { sum_of_squares(context, input.view()); });
}

TEST(SumBuffersTest, AddsInOrder) {
  for_each_storage_backend([]<class T> {
    for (const std::int64_t count : {0, 1, 7, 31, 33, 257, 50001}) {
      std::vector<Buffer<T>> buffers;
      std::vector<Buffer<float>> narrow;
      std::vector<ConstView> inputs;
      std::vector<ConstView> narrow_inputs;
      for (std::uint64_t k = 0; k < 5; ++k) buffers.push_back(random_normal<T>({count}, k));
      for (const Buffer<T>& buffer : buffers) narrow.push_back(converted<float>(buffer));
      for (const Buffer<T>& buffer : buffers) inputs.push_back(buffer.view());
      for (const Buffer<float>& buffer : narrow) narrow_inputs.push_back(buffer.view());
      Buffer<float> sums({count});
      reference::sum_buffers<float>({narrow_inputs, sums.view()});
      const Buffer<T> expected = converted<T>(sums);
      for (const int threads : kThreadCounts) {
        Context context(test_device(), threads);
        Buffer<T> output({count});
        sum_buffers(context, {inputs, output.view()});
        context.synchronize();
        expect_same_bits("output", expected, output);
      }
      Context context(test_device(), 1);
      Shifted<T> shifted(buffers[3]);
      Shifted<T> to{Buffer<T>(Shape{count})};
      inputs[3] = shifted.view();
      sum_buffers(context, {inputs, to.view()});
      context.synchronize();
      expect_same_bits("not aligned", expected, to.values());
      sum_buffers(context, {inputs, buffers[0].view()});
      context.synchronize();
      expect_same_bits("over the first input", expected, buffers[0]);
    }
  });
}

TEST(SumBuffersTest, AddsMoreThanOneLaunchCan) {
  for_each_backend([]<class T> {
    std::vector<Buffer<T>> buffers;
    std::vector<ConstView> inputs;
    for (std::uint64_t k = 0; k < 130; ++k) buffers.push_back(random_normal<T>({37}, k));
    for (const Buffer<T>& buffer : buffers) inputs.push_back(buffer.view());
    Buffer<T> expected({37});
    reference::sum_buffers<T>({inputs, expected.view()});
    Context context(test_device(), 1);
    sum_buffers(context, {inputs, buffers[0].view()});
    context.synchronize();
    expect_same_bits("output", expected, buffers[0]);
  });
}

}  // namespace
}  // namespace ebb::kernels
