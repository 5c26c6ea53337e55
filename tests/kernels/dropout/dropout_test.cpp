#include "kernels/dropout/dropout.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/dropout/dropout_reference.h"
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

DropoutSpec spec_of(float probability) {
  return {
      .probability = probability, .key = {.seed = 11, .step = 2, .stream = 5}, .first_element = 3};
}

template <class T>
Dropout operands(const Buffer<T>& input, Buffer<T>& output, float probability) {
  Dropout p;
  p.input = input.view();
  p.dropout = spec_of(probability);
  p.output = output.view();
  return p;
}

TEST(DropoutTest, MultipliesByTheFactorOnEveryBackendForAnyNumberOfThreads) {
  ebb::testing::for_each_storage_backend([]<class T> {
    for (const std::int64_t count : {0, 1, 7, 31, 33, 257, 1025, 200003}) {
      for (const float probability : {0.0F, 0.1F, 0.5F}) {
        const Buffer<float> values = random_normal<float>({count}, 1);
        const Buffer<T> input = converted<T>(values);
        Buffer<float> expected({count});
        reference::dropout<float>(operands(values, expected, probability));
        for (const int threads : ebb::testing::kThreadCounts) {
          Context context(test_device(), threads);
          Buffer<T> output({count});
          dropout(context, operands(input, output, probability));
          expect_same_bits("output", converted<T>(expected), output);
        }
      }
    }
  });
}

// Where packs begin and end in Philox blocks decides how a GPU draws: blocks that are whole packs
// or pairs of packs, halves of blocks, packs across blocks, and with gaps (of tensors that hold the
// first elements of every row) all of these.
TEST(DropoutTest, DrawsTheSameWhereverPacksBeginInPhiloxBlocks) {
  struct Place {
    std::uint64_t first, offset, run, stride;
  };
  const Place places[] = {{0, 0, 0, 0},    {8, 16, 0, 0},   {4, 0, 0, 0},   {3, 5, 0, 0},
                          {0, 0, 24, 40},  {8, 48, 24, 40}, {8, 8, 16, 24}, {0, 0, 12, 20},
                          {4, 12, 12, 24}, {0, 0, 5, 9},    {2, 1, 8, 16}};
  ebb::testing::for_each_storage_backend([&]<class T> {
    for (const Place& place : places) {
      for (const std::int64_t count : {4, 64, 256, 260, 1000, 70001}) {
        SCOPED_TRACE(fmt::format("first {} offset {} run {} stride {} count {}", place.first,
                                 place.offset, place.run, place.stride, count));
        const Buffer<float> values = random_normal<float>({count}, 1);
        const Buffer<T> input = converted<T>(values);
        Buffer<float> expected({count});
        Buffer<T> output({count});
        const auto at_place = [&](Dropout p) {
          p.dropout.first_element = place.first;
          p.dropout.offset = place.offset;
          p.dropout.run = place.run;
          p.dropout.stride = place.stride;
          return p;
        };
        reference::dropout<float>(at_place(operands(values, expected, 0.3F)));
        Context context(test_device(), 2);
        dropout(context, at_place(operands(input, output, 0.3F)));
        expect_same_bits("output", converted<T>(expected), output);
      }
    }
  });
}

TEST(DropoutTest, ItsGradientIsDropoutOfTheGradient) {
  // The operation is linear with a diagonal matrix, so <dropout(x), g> = <x, dropout(g)>.
  const Buffer<double> x = random_normal<double>({257}, 1);
  const Buffer<double> g = random_normal<double>({257}, 2);
  Buffer<double> dropped_x({257});
  Buffer<double> dropped_g({257});
  Context context({}, 2);
  dropout(context, operands(x, dropped_x, 0.3F));
  dropout(context, operands(g, dropped_g, 0.3F));
  double forward = 0.0;
  double backward = 0.0;
  for (std::size_t i = 0; i < 257; ++i) {
    forward += dropped_x[i] * g[i];
    backward += x[i] * dropped_g[i];
  }
  EXPECT_NEAR(forward, backward, 1e-12 * std::fabs(forward));
}

TEST(DropoutTest, TakesMemoryThatIsNotAlignedToAPack) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const Buffer<T> input = random_normal<T>({100}, 1);
    Buffer<T> whole({100});
    Buffer<T> parts({100});
    Context context(test_device(), 1);
    dropout(context, operands(input, whole, 0.3F));
    for (const std::int64_t begin : {0, 1}) {
      const std::int64_t count = begin == 0 ? 1 : 99;
      Dropout p = operands(input, parts, 0.3F);
      p.dropout.offset = static_cast<std::uint64_t>(begin);
      p.input = {input.data() + begin, dtype_of<T>, {count}};
      p.output = {parts.data() + begin, dtype_of<T>, {count}};
      dropout(context, p);
    }
    expect_same_bits("in two parts", whole, parts);
  });
}

TEST(DropoutTest, WorksInPlaceAndKeepsNaN) {
  Buffer<float> values = random_normal<float>({100}, 1);
  for (std::size_t i = 0; i < 100; i += 3) values[i] = std::numeric_limits<float>::quiet_NaN();
  Context context(test_device(), 1);
  Buffer<float> apart({100});
  dropout(context, operands(values, apart, 0.5F));
  dropout(context, operands(values, values, 0.5F));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(std::isnan(values[i]), i % 3 == 0);
  expect_same_bits("in place", apart, values);
}

TEST(DropoutTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  const Buffer<float> input({4, 8});
  Buffer<float> output({4, 7});
  expect_error("dropout: output is [4, 7], expected [4, 8] (as input)",
               [&] { dropout(context, operands(input, output, 0.1F)); });
  Buffer<float> right({4, 8});
  expect_error("dropout: dropout probability is -0.5, expected one in [0, 1)",
               [&] { dropout(context, operands(input, right, -0.5F)); });
  EXPECT_EQ(dropout_unsupported({}, DType::i32),
            "the CPU computes in f32 and f64, not in i32; cast first");
}

}  // namespace
}  // namespace ebb::kernels
