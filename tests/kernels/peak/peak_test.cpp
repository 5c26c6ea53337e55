#include "kernels/peak/peak.h"

#include <gtest/gtest.h>

#include "tests/kernels/support/levels.h"

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

}  // namespace
}  // namespace ebb
