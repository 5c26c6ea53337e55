#include "engine/tensor/allocator.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/tensor/tensor.h"

namespace ebb {
namespace {

CachingAllocator& allocator() { return CachingAllocator::of({}); }

TEST(AllocatorTest, CountsWhatIsInUse) {
  const MemoryStatistics before = allocator().statistics();
  {
    const Tensor tensor = Tensor::empty({1024}, DType::f32);
    const MemoryStatistics during = allocator().statistics();
    EXPECT_GE(during.current, before.current + 4096);
    EXPECT_LE(during.current, before.current + 4096 + 64 + 1024);
    EXPECT_GE(during.peak, during.current);
  }
  const MemoryStatistics after = allocator().statistics();
  EXPECT_EQ(after.current, before.current);
  EXPECT_GE(after.cached, 4096u);
}

TEST(AllocatorTest, ReusesAFreedBlockOfTheSameClass) {
  const void* first = Tensor::empty({1000}).view().data;
  const std::uint64_t allocations = allocator().statistics().allocations;
  const Tensor again = Tensor::empty({999});
  EXPECT_EQ(again.view().data, first);
  EXPECT_EQ(allocator().statistics().allocations, allocations);
}

TEST(AllocatorTest, WastesAtMostAFifth) {
  for (std::size_t bytes = 1024; bytes < (std::size_t{1} << 22); bytes = bytes * 9 / 8 + 3) {
    const std::size_t before = allocator().statistics().current;
    void* block = allocator().allocate(bytes);
    const std::size_t taken = allocator().statistics().current - before;
    allocator().release(block, bytes);
    EXPECT_GE(taken, bytes);
    EXPECT_LE(static_cast<double>(taken), 1.25 * static_cast<double>(bytes)) << bytes;
  }
}

TEST(AllocatorTest, AlignsToACacheLine) {
  for (const std::int64_t elements : {1, 3, 17, 1000, 100000}) {
    const Tensor tensor = Tensor::empty({elements}, DType::u8);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.view().data) % 64, 0u);
  }
}

TEST(AllocatorTest, GivesCachedBlocksBack) {
  { const Tensor tensor = Tensor::empty({5000}); }
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
        const Tensor tensor = Tensor::full({100 + i % 7}, t);
        for (const float value : tensor.values<float>()) {
          ASSERT_EQ(value, static_cast<float>(t));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allocator().statistics().current, before);
}

TEST(AllocatorTest, SaysSoWhenMemoryIsOut) {
  try {
    allocator().allocate(std::size_t{1} << 60);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(
        std::string(error.what()).find("out of memory: a tensor of 1152921504606846976 bytes"),
        std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace ebb
