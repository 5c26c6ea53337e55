#include "kernels/peak/peak.h"

#include <gtest/gtest.h>

#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

// Wide bounds that any processor of the last and the next ten years keeps.
TEST(Peak, IsThatOfAProcessor) {
  testing::for_each_instruction_set([] {
    const Context context({}, 1);
    const double gigaflops = kernels::measure_peak_gflops(context);
    EXPECT_GT(gigaflops, 0.5);
    EXPECT_LT(gigaflops, 5000.0);
  });
}

// Each of 32 threads that share a processor would count it whole.
TEST(Peak, MoreThreadsThanProcessorsHaveNoMore) {
  const Context one_each({}, available_processors());
  const Context many_each({}, 32 * available_processors());
  EXPECT_LT(kernels::measure_peak_gflops(many_each), 8 * kernels::measure_peak_gflops(one_each));
  EXPECT_LT(kernels::measure_copy_bandwidth(many_each, 1 << 14),
            8 * kernels::measure_copy_bandwidth(one_each, 1 << 14));
}

TEST(Peak, BandwidthIsThatOfAProcessor) {
  testing::for_each_instruction_set([] {
    const Context context({}, 2);
    for (const std::int64_t bytes : {0, 100, 1 << 16, 1 << 22}) {
      const double bandwidth = kernels::measure_copy_bandwidth(context, bytes);
      EXPECT_GT(bandwidth, 1e7) << bytes;
      EXPECT_LT(bandwidth, 1e13) << bytes;
    }
  });
}

TEST(Peak, IsThatOfTheProcessorAlone) {
  if (!testing::test_device().is_cuda()) GTEST_SKIP() << "the CPU has one";
  const Context context(testing::test_device(), 1);
  testing::expect_error<UnsupportedError>("measure_peak_gflops: there are no kernels for cuda:0",
                                          [&] { kernels::measure_peak_gflops(context); });
  testing::expect_error<UnsupportedError>(
      "measure_copy_bandwidth: there are no kernels for cuda:0",
      [&] { kernels::measure_copy_bandwidth(context, 1 << 14); });
}

}  // namespace
}  // namespace ebb
