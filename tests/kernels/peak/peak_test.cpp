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

}  // namespace
}  // namespace ebb
