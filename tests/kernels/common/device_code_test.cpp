// A GPU that the kernels of this build were not compiled for. The virtual GPU can be any.
#include <cstdlib>

#include <gtest/gtest.h>

#include "kernels/common/cuda/runtime.h"
#include "tests/support/environment_variable.h"

namespace ebb {
namespace {

#if EBB_WITH_CUDA

constexpr Device kGpu{DeviceKind::cuda, 0};

bool is_virtual_gpu() {
  return cuda_device_count() > 0 && cuda::properties_of(kGpu).name.ends_with("(vgpu)");
}

/// In a process of its own, since the device is asked once. Not of test_device(), which that
/// process cannot use. Tests are compiled for compute capability 8.0 and later.
void expect_refused(const char* capability, const char* reason) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const testing::EnvironmentVariable presented("VGPU_CC", [&](auto) { return capability; });
  const auto ask = [] {
    fmt::print(stderr, "{}", device_unavailable(kGpu));
    std::exit(cuda_device_count());
  };
  EXPECT_EXIT(ask(), ::testing::ExitedWithCode(1), reason);
}

TEST(DeviceCodeDeathTest, TheErrorSaysHowToBuildForTheGpu) {
  if (!is_virtual_gpu()) GTEST_SKIP() << "a GPU cannot become another";
  expect_refused("7.5", "capability is 7.5.*CMAKE_CUDA_ARCHITECTURES=75");
}

TEST(DeviceCodeDeathTest, TheErrorSaysThatAGpuIsTooOld) {
  if (!is_virtual_gpu()) GTEST_SKIP() << "a GPU cannot become another";
  expect_refused("7.0", "older than ebb's kernels, which need 7.5.*capability is 7.0");
}

TEST(DeviceCodeTest, AGpuWithCodeIsUsed) {
  if (!is_virtual_gpu()) GTEST_SKIP() << "only of the virtual GPU is it known";
  EXPECT_EQ(device_unavailable(kGpu), "");
}

#endif

}  // namespace
}  // namespace ebb
