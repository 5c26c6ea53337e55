#include "engine/tensor/allocator.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/tensor/tensor.h"
#include "kernels/common/workspace.h"
#include "tests/support/message_of.h"
#include "tests/support/test_device.h"

namespace ebb {
namespace {

using ebb::testing::test_device;

CachingAllocator& allocator() { return CachingAllocator::of(test_device()); }

Tensor of_elements(std::int64_t count, DType dtype = DType::f32) {
  return Tensor::empty({count}, dtype, test_device());
}

TEST(AllocatorTest, CountsWhatIsInUse) {
  const MemoryStatistics before = allocator().statistics();
  {
    const Tensor tensor = of_elements(1024);
    const MemoryStatistics during = allocator().statistics();
    EXPECT_GE(during.current, before.current + 4096);
    EXPECT_LE(during.current, before.current + 4096 + 1024);
    EXPECT_GE(during.peak, during.current);
  }
  const MemoryStatistics after = allocator().statistics();
  EXPECT_EQ(after.current, before.current);
  EXPECT_GE(after.cached, 4096u);
}

TEST(AllocatorTest, ReusesAFreedBlockOfTheSameClass) {
  const void* first = of_elements(1000).view().data;
  const std::uint64_t allocations = allocator().statistics().allocations;
  const Tensor again = of_elements(999);
  EXPECT_EQ(again.view().data, first);
  EXPECT_EQ(allocator().statistics().allocations, allocations);
}

TEST(AllocatorTest, WastesAtMostAFifth) {
  for (std::size_t bytes = 1024; bytes < (std::size_t{1} << 22); bytes = bytes * 9 / 8 + 3) {
    const std::size_t before = allocator().statistics().current;
    MemoryBlock* block = allocator().allocate(bytes);
    const std::size_t taken = allocator().statistics().current - before;
    allocator().release(block);
    EXPECT_GE(taken, bytes);
    EXPECT_LE(static_cast<double>(taken), 1.25 * static_cast<double>(bytes)) << bytes;
  }
}

TEST(AllocatorTest, AlignsToACacheLine) {
  for (const std::int64_t elements : {1, 3, 17, 1000, 100000}) {
    const Tensor tensor = of_elements(elements, DType::u8);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.view().data) % 64, 0u);
  }
}

TEST(AllocatorTest, GivesCachedBlocksBack) {
  { const Tensor tensor = of_elements(5000); }
  EXPECT_GT(allocator().statistics().cached, 0u);
  allocator().release_cached();
  EXPECT_EQ(allocator().statistics().cached, 0u);
}

TEST(AllocatorTest, ServesSeveralThreads) {
  const std::size_t before = allocator().statistics().current;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        const Tensor tensor = Tensor::full({100 + i % 7}, t, DType::f32, test_device());
        const Tensor on_host = tensor.to(Device());
        for (const float value : on_host.values<float>()) {
          ASSERT_EQ(value, static_cast<float>(t));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allocator().statistics().current, before);
}

TEST(AllocatorTest, SaysSoWhenMemoryIsOut) {
  { const Tensor cached = of_elements(5000); }
  ASSERT_GT(allocator().statistics().cached, 0u);
  const std::string message =
      ebb::testing::message_of<Error>([] { allocator().allocate(std::size_t{1} << 60); });
  using ::testing::HasSubstr;
  EXPECT_THAT(message, HasSubstr(fmt::format("out of memory: a tensor of {} bytes was asked for on "
                                             "{} while {} bytes are in use",
                                             std::size_t{1} << 60, to_string(test_device()),
                                             allocator().statistics().current)));
  EXPECT_THAT(message, HasSubstr("were cached and given back"));
  EXPECT_EQ(message.find("are free") != std::string::npos, test_device().is_cuda()) << message;
  EXPECT_EQ(allocator().statistics().cached, 0u) << "cached blocks are given back first";
}

TEST(AllocatorTest, AWorkspaceOfAGpuTakesWhatTensorsLeft) {
  { const Tensor cached = of_elements(5000); }
  ASSERT_GT(allocator().statistics().cached, 0u);
  Workspace workspace(test_device());
  const std::string message =
      ebb::testing::message_of<Error>([&] { workspace.acquire(std::size_t{1} << 60); });
  using ::testing::HasSubstr;
  EXPECT_THAT(message, HasSubstr(fmt::format("out of memory: {} bytes of workspace were asked for "
                                             "on {}",
                                             std::size_t{1} << 60, to_string(test_device()))));
  EXPECT_THAT(message, HasSubstr("use a smaller batch or model"));
  EXPECT_EQ(message.find("are free") != std::string::npos, test_device().is_cuda()) << message;
  EXPECT_EQ(allocator().statistics().cached == 0u, test_device().is_cuda());
}

TEST(AllocatorTest, APoolOfACudaGraphKeepsItsAddressesAndTakesWhatTensorsLeft) {
  { const Tensor cached = of_elements(5000); }
  ASSERT_GT(allocator().statistics().cached, 0u);
  CachingAllocator pool(test_device(), CachingAllocator::Cache::kept);
  pool.release(pool.allocate(5000));
  const std::size_t kept = pool.statistics().cached;
  ASSERT_GT(kept, 0u);
  EXPECT_THROW(pool.allocate(std::size_t{1} << 60), Error);
  EXPECT_EQ(pool.statistics().cached, kept);
  EXPECT_EQ(allocator().statistics().cached == 0u, test_device().is_cuda());
}

TEST(AllocatorTest, HandsOutWhatIsStillInUseOnTheStreamOnlyToLaterWork) {
  // The copy into `first` may run after its block is freed, but before that into `second`.
  const std::vector<float> ones(100000, 1.0F);
  const std::vector<float> twos(100000, 2.0F);
  const void* block = Tensor::from_values({100000}, ones, test_device()).view().data;
  const Tensor second = Tensor::from_values({100000}, twos, test_device());
  EXPECT_EQ(second.view().data, block);
  const Tensor on_host = second.to(Device());
  for (const float value : on_host.values<float>()) ASSERT_EQ(value, 2.0F);
}

}  // namespace
}  // namespace ebb
