// Caching allocation of tensor memory: a freed block is kept for the next request of its size
// class, so that a warm training step asks the system for nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "kernels/common/device.h"

namespace ebb {

/// What an allocator holds, in bytes, block headers and rounding included.
struct MemoryStatistics {
  std::size_t current = 0;        // handed out now
  std::size_t peak = 0;           // the most ever handed out at once
  std::size_t cached = 0;         // freed, kept for reuse
  std::uint64_t allocations = 0;  // requests that went to the system
};

/// One per device, safe to use from several threads. Sizes are rounded up to classes a quarter of a
/// power of two apart, so at most a fifth of a block is waste.
class CachingAllocator {
 public:
  /// The allocator of `device`. Throws UnsupportedError on a device that this build lacks.
  static CachingAllocator& of(Device device);

  /// Memory for at least `bytes`, aligned to 64 bytes. Throws Error when the system has no more.
  void* allocate(std::size_t bytes);
  /// Returns a block to the cache; `bytes` as it was asked for.
  void release(void* block, std::size_t bytes) noexcept;

  MemoryStatistics statistics() const;
  /// Gives all cached blocks back to the system.
  void release_cached();

 private:
  struct FreeBlock {
    FreeBlock* next;
  };
  static constexpr std::size_t kClasses = 256;

  mutable std::mutex mutex_;
  std::array<FreeBlock*, kClasses> free_{};
  MemoryStatistics statistics_;
};

}  // namespace ebb
