#include "kernels/common/stopwatch.h"

#include <chrono>
#include <dlfcn.h>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/test_device.h"

namespace ebb {
namespace {

void wait_milliseconds(int count) { std::this_thread::sleep_for(std::chrono::milliseconds(count)); }

TEST(Stopwatch, TakesTheTimeOfOneCallAtATime) {
  using Clock = std::chrono::steady_clock;
  Stopwatch stopwatch(testing::test_device());
  // A GPU may see the start some time after the host gave it.
  EXPECT_GT(stopwatch.time([] { wait_milliseconds(40); }), 0.035);
  wait_milliseconds(40);
  const Clock::time_point begin = Clock::now();
  const double seconds = stopwatch.time([] {});
  const std::chrono::duration<double> elapsed = Clock::now() - begin;
  EXPECT_LE(seconds, elapsed.count() + 0.001);
}

TEST(Stopwatch, OnlyAGpuCanBeVirtual) {
  EXPECT_FALSE(is_virtual(Device{}));
  // What the runtime of tests/vgpu exports and NVIDIA's does not.
  const bool runtime_is_virtual = dlsym(RTLD_DEFAULT, "__cudaVgpuHostOp") != nullptr;
  const Device device = testing::test_device();
  EXPECT_EQ(is_virtual(device), device.is_cuda() && runtime_is_virtual);
}

}  // namespace
}  // namespace ebb
