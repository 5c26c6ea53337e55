// Shapes, views, parallel_for, the primitive cache and the workspace.
#include <atomic>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using testing::expect_error;

TEST(ShapeTest, CountsElementsAndFormats) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape.elements(), 30);
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{4, 0}).elements(), 0);
  EXPECT_EQ(to_string(shape), "[2, 3, 5]");
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(contiguous_strides(shape), (Shape{15, 5, 1}));
  EXPECT_FALSE(shape == (Shape{2, 3}));
}

TEST(ShapeTest, RefusesMoreDimensionsThanItHolds) {
  const std::vector<std::int64_t> extents(7, 1);
  expect_error("shape has 7 dimensions, at most 6 are supported",
               [&] { Shape{std::span<const std::int64_t>(extents)}; });
  Shape full{1, 1, 1, 1, 1, 1};
  expect_error("shape would exceed 6 dimensions", [&] { full.push_back(1); });
}

TEST(ViewTest, KnowsWhetherItIsContiguous) {
  float data[12] = {};
  EXPECT_TRUE(View(data, DType::f32, {3, 4}).contiguous());
  EXPECT_FALSE(View(data, DType::f32, {4, 3}, {1, 4}).contiguous());
  EXPECT_TRUE(View(data, DType::f32, {1, 4}, {99, 1}).contiguous());
  EXPECT_FALSE(View(data, DType::f32, {4}, {0}).contiguous());
  EXPECT_FALSE(View{}.present());
  const ConstView read_only = View(data, DType::f32, {12});
  EXPECT_EQ(read_only.as<float>(), data);
}

TEST(OperandCheckTest, SaysWhatWasGotAndExpected) {
  float data[12] = {};
  const kernels::OperandCheck check("operation");
  const View view(data, DType::f32, {4, 3}, {1, 4});
  expect_error("operation: x is [4, 3], expected [3, 4] (rows by columns)", [&] {
    check.shape("x", view, {3, 4}, "rows by columns");
  });
  expect_error("operation: x has dtype f32, expected i32",
               [&] { check.dtype("x", view, DType::i32); });
  expect_error("operation: x [4, 3] with strides [1, 4] is not contiguous; copy it first",
               [&] { check.contiguous("x", view); });
  expect_error("operation: x is missing", [&] { check.present("x", View{}); });
}

TEST(Context, TakesTheDefaultNumberOfThreads) {
  const int before = default_threads();
  set_default_threads(3);
  EXPECT_EQ(default_threads(), 3);
  EXPECT_EQ(Context().threads(), 3);
  set_default_threads(0);
  EXPECT_EQ(default_threads(), 3);
  set_default_threads(before);
}

TEST(ParallelForTest, CoversEveryItemOnce) {
  for (int threads = 1; threads <= 5; ++threads) {
    Context context({}, threads);
    for (const std::int64_t count : {0, 1, 2, 5, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(context, count, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& visit : visits) EXPECT_EQ(visit.load(), 1);
    }
  }
}

TEST(ParallelForTest, RunsShortLoopsOnOneThread) {
  Context context({}, 4);
  std::atomic<int> calls = 0;
  parallel_for(context, 100, 100, [&](std::int64_t, std::int64_t) { ++calls; });
  EXPECT_EQ(calls.load(), 1);
}

TEST(ParallelForTest, PassesAnExceptionOn) {
  for (const int threads : {1, 4}) {
    Context context({}, threads);
    expect_error("item 7", [&] {
      parallel_for(context, 16, 1, [](std::int64_t begin, std::int64_t end) {
        if (begin <= 7 && 7 < end) fail("item 7");
      });
    });
  }
}

TEST(WorkspaceTest, GrowsOnceAndIsAligned) {
  Workspace workspace;
  void* large = workspace.acquire(1000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large) % 64, 0u);
  EXPECT_EQ(workspace.acquire(10), large);
  EXPECT_EQ(workspace.acquire_array<double>(125), large);
}

TEST(DeviceTest, ReadsNamesAndRefusesWhatIsNotThere) {
  EXPECT_EQ(parse_device("cpu"), Device{});
  EXPECT_EQ(to_string(parse_device("cuda:3")), "cuda:3");
  expect_error<DataError>("unknown device \"gpu\": expected cpu, cuda or cuda:N",
                          [] { parse_device("gpu"); });
  EXPECT_THROW(Context(Device{DeviceKind::cuda, 99}), UnsupportedError);
}

}  // namespace
}  // namespace ebb
