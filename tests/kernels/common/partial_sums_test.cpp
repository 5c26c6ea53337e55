// The last step of sums over many blocks, against plain loops in its order.
#include <vector>

#include <gtest/gtest.h>

#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/support/test_device.h"

#if EBB_WITH_CUDA

#include "kernels/common/cuda/partial_sums.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::random_normal;
using ebb::testing::test_device;

// Every 16th row from each of the first 16 on, then those sums: in f32, so that another order has
// other bits.
std::vector<float> sums_in_order(const std::vector<float>& partials, std::size_t rows,
                                 std::size_t columns) {
  constexpr std::size_t kGroups = 16;
  std::vector<float> sums(columns);
  for (std::size_t column = 0; column < columns; ++column) {
    for (std::size_t group = 0; group < kGroups; ++group) {
      float sum = 0.0F;
      for (std::size_t row = group; row < rows; row += kGroups) {
        sum += partials[row * columns + column];
      }
      sums[column] = group == 0 ? sum : sums[column] + sum;
    }
  }
  return sums;
}

TEST(PartialSumsTest, AreAddedInOneOrder) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "partial sums of blocks are CUDA's";
  Context context(test_device(), 1);
  for (const std::int64_t rows : {1, 16, 100}) {
    constexpr std::int64_t kSummedColumns = 70;
    const Buffer<float> partials = random_normal<float>({rows, kSummedColumns}, 1);
    Buffer<float> output({kSummedColumns});
    cuda::sum_partial_rows(context, partials.data(), rows, kSummedColumns, output.view(), false);
    context.synchronize();
    const Buffer<float> expected(
        {kSummedColumns},
        sums_in_order(partials.values(), static_cast<std::size_t>(rows), kSummedColumns));
    expect_same_bits("output", output, expected);
  }
}

}  // namespace
}  // namespace ebb::kernels

#endif
