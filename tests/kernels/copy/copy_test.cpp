#include "kernels/copy/copy.h"

#include <numeric>

#include <gtest/gtest.h>

#include "kernels/copy/copy_reference.h"
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

/// The shape of a copy and the strides of both views.
struct Case {
  const char* name;
  Shape shape;
  Shape from;
  Shape to;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " " << to_string(c.shape); }

std::int64_t span_of(const Shape& shape, const Shape& strides) {
  if (shape.elements() == 0) return 0;
  std::int64_t last = 0;
  for (int i = 0; i < shape.rank(); ++i) last += (shape[i] - 1) * strides[i];
  return last + 1;
}

template <class T>
Copy operands(const Case& c, const Buffer<T>& input, Buffer<T>& output) {
  Copy p;
  p.input = {input.data(), dtype_of<T>, c.shape, c.from};
  p.output = {output.data(), dtype_of<T>, c.shape, c.to};
  return p;
}

template <class T>
Buffer<T> counting(std::int64_t count) {
  Buffer<T> buffer({count});
  std::iota(buffer.data(), buffer.data() + count, static_cast<T>(1));
  return buffer;
}

class CopyTest : public ::testing::TestWithParam<Case> {};

template <class T>
void expect_copies(const Case& c) {
  const Buffer<T> input = counting<T>(span_of(c.shape, c.from));
  Buffer<T> expected({span_of(c.shape, c.to)});
  reference::copy<T>(operands(c, input, expected));
  for (const int threads : ebb::testing::kThreadCounts) {
    Context context({}, threads);
    Buffer<T> output({span_of(c.shape, c.to)});
    copy(context, operands(c, input, output));
    // Places between the elements keep their NaN or -1.
    expect_same_bits(name_of(dtype_of<T>), expected, output);
  }
}

TEST_P(CopyTest, CopiesEveryElementSize) {
  expect_copies<std::uint8_t>(GetParam());
  expect_copies<std::int32_t>(GetParam());
  expect_copies<std::int64_t>(GetParam());
  expect_copies<float>(GetParam());
  expect_copies<double>(GetParam());
}

template <class T>
void expect_accumulates(const Case& c) {
  const Buffer<T> input = random_normal<T>({span_of(c.shape, c.from)}, 1);
  const Buffer<T> start = random_normal<T>({span_of(c.shape, c.to)}, 2);
  Buffer<T> expected = start;
  Copy p = operands(c, input, expected);
  p.accumulate = true;
  reference::copy<T>(p);
  for (const int threads : ebb::testing::kThreadCounts) {
    Context context({}, threads);
    Buffer<T> output = start;
    p = operands(c, input, output);
    p.accumulate = true;
    copy(context, p);
    expect_same_bits(name_of(dtype_of<T>), expected, output);
  }
}

TEST_P(CopyTest, AccumulatesAtEveryInstructionSet) {
  ebb::testing::for_each_instruction_set([] {
    expect_accumulates<float>(GetParam());
    expect_accumulates<double>(GetParam());
  });
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, CopyTest,
    ::testing::Values(
        Case{"scalar", {}, {}, {}}, Case{"empty", {3, 0, 2}, {0, 2, 1}, {0, 2, 1}},
        Case{"contiguous", {7, 31, 33}, {1023, 33, 1}, {1023, 33, 1}},
        Case{"large", {400, 257}, {257, 1}, {300, 1}},
        Case{"slice of columns", {31, 7}, {33, 1}, {7, 1}},
        Case{"into a slice", {31, 7}, {7, 1}, {33, 1}},
        Case{"transposed", {33, 257}, {1, 33}, {257, 1}},
        Case{"heads", {3, 4, 5, 8}, {160, 8, 32, 1}, {160, 40, 8, 1}},
        Case{"repeated row", {31, 33}, {0, 1}, {33, 1}},
        Case{"repeated column", {31, 33}, {1, 0}, {33, 1}},
        Case{"strided both", {7, 31}, {62, 2}, {93, 3}},
        Case{"odd strides of one element", {1, 5, 1, 3}, {999, 3, 777, 1}, {55, 3, 44, 1}},
        Case{"rank 6", {2, 3, 2, 3, 2, 3}, {1, 2, 6, 12, 36, 72}, {108, 36, 18, 6, 3, 1}}));

TEST(CopyDetailsTest, CopiesStorageTypesBitForBit) {
  const std::vector<BFloat16> from = {{0x7fc1}, {0x0001}, {0xff80}, {0x8000}};
  std::vector<BFloat16> to(4);
  Context context({}, 1);
  copy(context, {ConstView(from.data(), DType::bf16, {2, 2}, {1, 2}),
                 View(to.data(), DType::bf16, {2, 2}), false});
  EXPECT_EQ(to[0].bits, 0x7fc1);
  EXPECT_EQ(to[1].bits, 0xff80);
  EXPECT_EQ(to[2].bits, 0x0001);
  EXPECT_EQ(to[3].bits, 0x8000);
}

TEST(CopyDetailsTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  const Buffer<float> input({4, 8});
  Buffer<float> output({8, 4});
  Copy p{input.view(), output.view(), false};
  expect_error("copy: output is [8, 4], expected [4, 8] (as input)", [&] { copy(context, p); });
  p.output = View(output.data(), DType::i32, {4, 8});
  expect_error("copy: output has dtype i32, expected f32", [&] { copy(context, p); });
  p.output = View(output.data(), DType::f32, {4, 8}, {0, 1});
  expect_error("copy: output [4, 8] has stride 0 in dimension 0, so its elements share memory",
               [&] { copy(context, p); });
  const Buffer<std::int32_t> integers({4});
  Buffer<std::int32_t> sums({4});
  expect_error<UnsupportedError>("copy: the CPU computes in f32 and f64, not in i32; cast first",
                                 [&] {
                                   copy(context, {integers.view(), sums.view(), true});
                                 });
}

}  // namespace
}  // namespace ebb::kernels
