#include "engine/tensor/host_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace ebb {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

enum class Page { absent, untouched, resident };

/// Of the page that holds an address.
Page page_of(const void* memory) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  unsigned char resident = 0;
  auto* start = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(memory) / page * page);
  if (mincore(start, 1, &resident) != 0) return Page::absent;
  return (resident & 1) != 0 ? Page::resident : Page::untouched;
}

bool is_mapped(const void* memory) { return page_of(memory) != Page::absent; }

TEST(HostMemoryTest, GivesEveryRequestItsOwnBytes) {
  std::vector<std::pair<std::byte*, std::size_t>> pieces;
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t bytes = i * i * i * 57 % (3 * kMebibyte) + (i == 59 ? 40 * kMebibyte : 1);
    auto* piece = static_cast<std::byte*>(allocate_host_memory(bytes));
    ASSERT_NE(piece, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % 64, 0u);
    std::memset(piece, static_cast<int>(i), bytes);
    pieces.emplace_back(piece, bytes);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto [piece, bytes] = pieces[i];
    const auto same = std::count(piece, piece + bytes, static_cast<std::byte>(i));
    EXPECT_EQ(same, static_cast<std::ptrdiff_t>(bytes)) << "piece " << i;
    free_host_memory(piece, bytes);
  }
}

TEST(HostMemoryTest, GivesASlabBackWithItsLastPiece) {
  if (EBB_SANITIZED) GTEST_SKIP() << "a sanitizer keeps what is freed";
  // So large that each has a slab of its own, whatever was asked for before.
  void* first = allocate_host_memory(20 * kMebibyte);
  void* other = allocate_host_memory(70 * kMebibyte);
  EXPECT_TRUE(is_mapped(first) && is_mapped(other));
  free_host_memory(first, 20 * kMebibyte);
  EXPECT_FALSE(is_mapped(first));
  EXPECT_TRUE(is_mapped(other));
  free_host_memory(other, 70 * kMebibyte);
  EXPECT_FALSE(is_mapped(other));
}

TEST(HostMemoryTest, KeepsASlabWhileAPieceOfItIsInUse) {
  // Seven fill a slab, so the first shares one with some of the others.
  std::vector<void*> pieces(16);
  for (void*& piece : pieces) piece = allocate_host_memory(4 * kMebibyte);
  for (std::size_t i = 1; i < pieces.size(); ++i) free_host_memory(pieces[i], 4 * kMebibyte);
  std::memset(pieces[0], 1, 4 * kMebibyte);
  EXPECT_EQ(page_of(pieces[0]), Page::resident);
  free_host_memory(pieces[0], 4 * kMebibyte);
}

TEST(HostMemoryTest, GivesThePagesOfAPieceBackAtOnce) {
  if (EBB_SANITIZED) GTEST_SKIP() << "a sanitizer keeps what is freed";
  // Of three in a row, two at least share a slab.
  constexpr std::size_t kBytes = 4 * kMebibyte;
  std::byte* pieces[3];
  for (std::byte*& piece : pieces) {
    piece = static_cast<std::byte*>(allocate_host_memory(kBytes));
    std::memset(piece, 1, kBytes);
  }
  EXPECT_EQ(page_of(pieces[1] + kBytes / 2), Page::resident);
  free_host_memory(pieces[1], kBytes);
  EXPECT_NE(page_of(pieces[1] + kBytes / 2), Page::resident);
  EXPECT_EQ(pieces[0][kBytes - 1], std::byte{1});
  EXPECT_EQ(pieces[2][0], std::byte{1});
  free_host_memory(pieces[0], kBytes);
  free_host_memory(pieces[2], kBytes);
}

TEST(HostMemoryTest, HasNullForWhatNoMachineHas) {
  EXPECT_EQ(allocate_host_memory(std::size_t{1} << 62), nullptr);
  if (EBB_SANITIZED) return;  // then the sum with the alignment is operator new's affair
  EXPECT_EQ(allocate_host_memory(std::numeric_limits<std::size_t>::max()), nullptr);
}

TEST(HostMemoryTest, ServesSeveralThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (std::size_t i = 0; i < 200; ++i) {
        const std::size_t bytes = 1000 + i * 5000;
        auto* piece = static_cast<unsigned char*>(allocate_host_memory(bytes));
        std::memset(piece, t, bytes);
        EXPECT_EQ(std::count(piece, piece + bytes, t), static_cast<std::ptrdiff_t>(bytes));
        free_host_memory(piece, bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ebb
