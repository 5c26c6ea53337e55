#include "preprocessing/common/parallel.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kMuchWork = std::size_t{1} << 20;

TEST(Parallel, EveryIndexOnce) {
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    std::vector<int> calls(1001);
    parallel_for(calls.size(), kMuchWork, [&](std::size_t i) { ++calls[i]; });
    EXPECT_EQ(calls, std::vector<int>(1001, 1));
    parallel_ranges(calls.size(), kMuchWork, 10, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) ++calls[i];
    });
    EXPECT_EQ(calls, std::vector<int>(1001, 2));
  }
  parallel_for(0, 1, [](std::size_t) { FAIL(); });
}

TEST(Parallel, TheErrorOfTheLowestIndexIsThrownThoughAnotherComesLater) {
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    std::atomic<bool> has_thrown = false;
    const auto body = [&](std::size_t i) {
      if (i == 0) {
        has_thrown = true;
        throw std::runtime_error("first");
      }
      while (!has_thrown) std::this_thread::yield();
      for (int pause = 0; pause < 1000; ++pause) std::this_thread::yield();
      throw std::runtime_error("later");
    };
    EXPECT_EQ(message_of<std::runtime_error>([&] { parallel_for(8, kMuchWork, body); }), "first");
  }
}

}  // namespace
}  // namespace ebb::preprocessing
