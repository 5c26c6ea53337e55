#include "kernels/copy/copy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include <gtest/gtest.h>

#include "kernels/copy/copy_reference.h"
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
using ebb::testing::random_normal;
using ebb::testing::test_device;

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
  if constexpr (ebb::testing::kIsStorage<T>) {
    for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i].bits = static_cast<std::uint16_t>(i);
  } else {
    std::iota(buffer.data(), buffer.data() + count, static_cast<T>(1));
  }
  return buffer;
}

template <class T>
void fill_zero(Buffer<T>& buffer) {
  std::fill_n(buffer.data(), buffer.size(), ebb::testing::to_number<T>(0.0));
}

class CopyTest : public ::testing::TestWithParam<Case> {};

template <class T>
void expect_copies(const Case& c) {
  const Buffer<T> input = counting<T>(span_of(c.shape, c.from));
  Buffer<T> expected({span_of(c.shape, c.to)});
  // Copied bit for bit: the storage types as integers.
  using Number = std::conditional_t<ebb::testing::kIsStorage<T>, std::uint16_t, T>;
  reference::copy<Number>(operands(c, input, expected));
  for (const int threads : ebb::testing::kThreadCounts) {
    Context context(test_device(), threads);
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
  expect_copies<BFloat16>(GetParam());
}

template <class T>
void expect_accumulates(const Case& c) {
  using Number = std::conditional_t<ebb::testing::kIsStorage<T>, float, T>;
  const Buffer<Number> numbers = random_normal<Number>({span_of(c.shape, c.from)}, 1);
  Buffer<Number> sums = random_normal<Number>({span_of(c.shape, c.to)}, 2);
  const Buffer<T> input = converted<T>(numbers);
  const Buffer<T> start = converted<T>(sums);
  Copy wide = operands(c, numbers, sums);
  wide.accumulate = true;
  reference::copy<Number>(wide);
  const Buffer<T> expected = converted<T>(sums);
  for (const int threads : ebb::testing::kThreadCounts) {
    Context context(test_device(), threads);
    Buffer<T> output = start;
    Copy p = operands(c, input, output);
    p.accumulate = true;
    copy(context, p);
    expect_same_bits(name_of(dtype_of<T>), expected, output);
  }
}

TEST_P(CopyTest, AccumulatesOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> { expect_accumulates<T>(GetParam()); });
  if (!test_device().is_cuda()) expect_accumulates<double>(GetParam());
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
        Case{"transposed tile", {64, 64}, {1, 64}, {64, 1}},
        Case{"transposed beside a tile", {31, 65}, {1, 33}, {70, 1}},
        Case{"just transposed by tiles", {8, 8}, {1, 9}, {8, 1}},
        Case{"too narrow for tiles", {7, 40}, {1, 7}, {40, 1}},
        Case{"too short for tiles", {40, 7}, {1, 40}, {7, 1}},
        Case{"transposed in batches", {3, 2, 33, 34}, {2400, 1200, 1, 33}, {2500, 1250, 35, 1}},
        Case{"swapped outer and inner", {10, 3, 4, 9}, {1, 10, 30, 120}, {108, 36, 9, 1}},
        Case{"transposed in rank 6",
             {2, 2, 9, 2, 2, 8},
             {288, 144, 1, 72, 36, 9},
             {576, 288, 32, 16, 8, 1}},
        Case{"output transposed", {33, 20}, {20, 1}, {1, 33}},
        Case{"rows of 16 bytes", {5, 3, 32}, {256, 64, 1}, {96, 32, 1}},
        Case{"rows of half a pack", {5, 6, 4}, {64, 8, 1}, {32, 4, 1}},
        Case{"rows of two", {5, 6, 2}, {30, 4, 1}, {16, 2, 1}},
        Case{"odd gap", {6, 16}, {17, 1}, {16, 1}},
        Case{"many short rows", {3000, 3}, {4, 1}, {3, 1}},
        Case{"heads", {3, 4, 5, 8}, {160, 8, 32, 1}, {160, 40, 8, 1}},
        Case{"repeated row", {31, 33}, {0, 1}, {33, 1}},
        Case{"repeated column", {31, 33}, {1, 0}, {33, 1}},
        Case{"strided both", {7, 31}, {62, 2}, {93, 3}},
        Case{"odd strides of one element", {1, 5, 1, 3}, {999, 3, 777, 1}, {55, 3, 44, 1}},
        Case{"rank 6", {2, 3, 2, 3, 2, 3}, {1, 2, 6, 12, 36, 72}, {108, 36, 18, 6, 3, 1}}));

TEST(CopyDetailsTest, CopiesStorageTypesBitForBit) {
  const Buffer<BFloat16> from({4}, {{0x7fc1}, {0x0001}, {0xff80}, {0x8000}});
  Buffer<BFloat16> to({4});
  Context context(test_device(), 1);
  copy(context, {ConstView(from.data(), DType::bf16, {2, 2}, {1, 2}),
                 View(to.data(), DType::bf16, {2, 2}), false});
  EXPECT_EQ(to[0].bits, 0x7fc1);
  EXPECT_EQ(to[1].bits, 0xff80);
  EXPECT_EQ(to[2].bits, 0x0001);
  EXPECT_EQ(to[3].bits, 0x8000);
}

TEST(CopyDetailsTest, TakesMemoryThatIsNotAlignedToAPack) {
  // Rows of 32 elements, 64 apart, from and to each place relative to 16 bytes.
  const Shape shape{5, 32};
  const Shape strides{64, 1};
  ebb::testing::for_each_storage_backend([&]<class T> {
    const Buffer<T> input = random_normal<T>({340}, 1);
    Context context(test_device(), 1);
    for (const bool accumulate : {false, true}) {
      for (const std::int64_t from : {0, 1, 2, 4, 8}) {
        for (const std::int64_t to : {0, 1, 2, 4, 8}) {
          Buffer<T> output({340});
          fill_zero(output);
          copy(context, {ConstView(input.data() + from, dtype_of<T>, shape, strides),
                         View(output.data() + to, dtype_of<T>, shape, strides), accumulate});
          for (std::int64_t i = 0; i < 340; ++i) {
            const std::int64_t place = i - to;
            const bool copied = place >= 0 && place < 5 * 64 && place % 64 < 32;
            const double expected =
                copied ? ebb::testing::to_double(input.data()[from + place]) : 0.0;
            ASSERT_EQ(ebb::testing::to_double(output.data()[i]), expected) << from << " " << to;
          }
        }
      }
    }
  });
}

TEST(CopyDetailsTest, GoesRoundTheWholeGrid) {
  // More than one unit for each thread of a large GPU.
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no grid";
  const Case c{"many rows", {400000, 3}, {4, 1}, {3, 1}};
  const auto input = counting<std::uint8_t>(span_of(c.shape, c.from));
  Buffer<std::uint8_t> expected({span_of(c.shape, c.to)});
  Buffer<std::uint8_t> output({span_of(c.shape, c.to)});
  reference::copy<std::uint8_t>(operands(c, input, expected));
  Context context(test_device(), 1);
  copy(context, operands(c, input, output));
  expect_same_bits("output", expected, output);
}

TEST(CopyDetailsTest, KeepsNaNWhereItAccumulates) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Buffer<T> input({9, 9});
    Buffer<T> output({9, 9});
    for (const bool transposes : {false, true}) {
      fill_zero(input);
      fill_zero(output);
      input[12] = ebb::testing::to_number<T>(nan);
      output[3] = ebb::testing::to_number<T>(nan);
      ConstView from = input.view();
      if (transposes) from = ebb::testing::transposed(from);
      Context context(test_device(), 1);
      copy(context, {from, output.view(), true});
      const std::size_t place = transposes ? 3 * 9 + 1 : 12;
      for (std::size_t i = 0; i < output.size(); ++i) {
        EXPECT_EQ(std::isnan(ebb::testing::to_double(output[i])), i == 3 || i == place) << i;
      }
    }
  });
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
