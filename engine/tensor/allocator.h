// Caching allocation of tensor memory: a freed block is kept for the next request of its size
// class, so that a warm training step asks the system for nothing.
//
// All that the allocator knows of a block lies in host memory: it never reads or writes the block.
// On CUDA a block may be freed while kernels that use it are still to run. It may be handed out
// again at once all the same, since all work on tensors of a device goes to its one compute stream
// (kernels/common/cuda/runtime.h) and so runs after that. What works on another stream, as
// StagingBuffer does, must hold its tensors until the compute stream waits for it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "kernels/common/device.h"

namespace ebb {

/// What an allocator holds, in bytes, rounding included.
struct MemoryStatistics {
  std::size_t current = 0;        // handed out now
  std::size_t peak = 0;           // the most ever handed out at once
  std::size_t cached = 0;         // freed, kept for reuse
  std::uint64_t allocations = 0;  // requests that went to the system or the device
};

class CachingAllocator;

/// Memory of a device, and how many storages hold it. On a cache line of its own: counts change
/// on several threads.
struct alignas(64) MemoryBlock {
  std::byte* data = nullptr;
  std::size_t bytes = 0;  // as asked for
  std::atomic<std::size_t> references{0};
  CachingAllocator* allocator = nullptr;
  MemoryBlock* next = nullptr;  // in a list of free blocks
  std::size_t capacity = 0;
  std::size_t size_class = 0;
};

/// One per device and, on the CPU, one for each thread of a training step (Lanes): one that is
/// short of memory gives its own cache back, not theirs. Safe to use from several threads. Sizes
/// are rounded up to classes a quarter of a power of two apart, so at most a fifth of a block is
/// waste. Blocks are never split or joined.
class CachingAllocator {
 public:
  /// What happens to cached blocks when there is no more memory. A CUDA graph keeps the addresses
  /// of blocks that were free again when it was recorded: those of its pool must stay.
  enum class Cache { given_back, kept };

  /// The allocator of `device`, or the one that an AllocationScope puts in its place. Throws
  /// UnsupportedError on a device that cannot be used.
  static CachingAllocator& of(Device device);

  explicit CachingAllocator(Device device, Cache cache = Cache::given_back)
      : device_(device), cache_(cache) {}
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;
  /// No block may be in use any more.
  ~CachingAllocator() { release_cached(); }

  /// A block of at least `bytes`, uninitialised, aligned to 64 bytes (CUDA: 256), with one
  /// reference. When there is no more, cached blocks are given back first, unless they are kept,
  /// and on a GPU those of its own allocator too; throws Error if that does not help.
  MemoryBlock* allocate(std::size_t bytes);
  /// Returns a block to the cache.
  void release(MemoryBlock* block) noexcept;

  Device device() const { return device_; }
  MemoryStatistics statistics() const;
  /// Gives all cached blocks back. On CUDA it waits until the device is idle.
  void release_cached();

 private:
  static constexpr std::size_t kClasses = 256;

  /// Null where none of the class is cached.
  MemoryBlock* take_cached(std::size_t size_class);
  /// Not under the lock: who is short of memory may ask this allocator for its cache.
  MemoryBlock* new_block(std::size_t bytes, std::size_t capacity);

  Device device_;
  Cache cache_;
  mutable std::mutex mutex_;
  std::array<MemoryBlock*, kClasses> free_{};
  MemoryStatistics statistics_;
};

/// While it lives, tensors that the calling thread makes on the pool's device lie in `pool`: for
/// work whose addresses must stay its own, such as a CUDA graph's.
class AllocationScope {
 public:
  explicit AllocationScope(CachingAllocator& pool);
  AllocationScope(const AllocationScope&) = delete;
  AllocationScope& operator=(const AllocationScope&) = delete;
  ~AllocationScope();

 private:
  CachingAllocator* before_;
};

}  // namespace ebb
