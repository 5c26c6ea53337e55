#include "engine/tensor/storage.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace ebb {
namespace {

TEST(StorageTest, CountsItsHandles) {
  Storage first(100, {});
  EXPECT_TRUE(first.unique());
  EXPECT_EQ(first.bytes(), 100u);
  Storage second = first;
  EXPECT_FALSE(first.unique());
  EXPECT_EQ(first.data(), second.data());
  second = Storage();
  EXPECT_FALSE(second.defined());
  EXPECT_TRUE(first.unique());
}

TEST(StorageTest, MovesWithoutCounting) {
  Storage first(8, {});
  const std::byte* data = first.data();
  const Storage second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_TRUE(second.unique());
}

TEST(StorageTest, SurvivesAssignmentToItself) {
  Storage storage(8, {});
  const Storage& alias = storage;
  storage = alias;
  EXPECT_TRUE(storage.defined());
  EXPECT_TRUE(storage.unique());
}

TEST(StorageTest, IsSharedAmongThreads) {
  const std::size_t before = CachingAllocator::of({}).statistics().current;
  {
    const Storage storage(64, {});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&storage] {
        for (int i = 0; i < 1000; ++i) {
          const Storage copy = storage;
          ASSERT_TRUE(copy.defined());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(storage.unique());
  }
  EXPECT_EQ(CachingAllocator::of({}).statistics().current, before);
}

}  // namespace
}  // namespace ebb
