#include "engine/tensor/allocator.h"

#include <algorithm>
#include <bit>
#include <new>

namespace ebb {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::size_t kSmallest = 256;

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

// Classes 4k..4k+3 hold 1, 1.25, 1.5 and 1.75 times a power of two.
SizeClass size_class(std::size_t bytes) {
  bytes = std::max(bytes, kSmallest);
  const auto exponent = static_cast<std::size_t>(std::bit_width(bytes) - 1);
  const std::size_t quarter = std::size_t{1} << (exponent - 2);
  const std::size_t quarters = (bytes + quarter - 1) / quarter;  // in 4..8
  return {4 * exponent + quarters - 4, quarters * quarter};
}

}  // namespace

CachingAllocator& CachingAllocator::of(Device device) {
  require_available(device);
  // Never destroyed: tensors in static storage may outlive any order of destruction.
  static auto* allocator = new CachingAllocator;
  return *allocator;
}

void* CachingAllocator::allocate(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  const std::lock_guard lock(mutex_);
  void* block = free_[size.index];
  if (block != nullptr) {
    free_[size.index] = static_cast<FreeBlock*>(block)->next;
    statistics_.cached -= size.bytes;
  } else {
    block = ::operator new(size.bytes, kAlignment, std::nothrow);
    if (block == nullptr) {
      fail(
          "out of memory: a tensor of {} bytes was asked for while {} bytes are in use; "
          "use a smaller batch or model",
          bytes, statistics_.current);
    }
    ++statistics_.allocations;
  }
  statistics_.current += size.bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.current);
  return block;
}

void CachingAllocator::release(void* block, std::size_t bytes) noexcept {
  const SizeClass size = size_class(bytes);
  const std::lock_guard lock(mutex_);
  free_[size.index] = new (block) FreeBlock{free_[size.index]};
  statistics_.current -= size.bytes;
  statistics_.cached += size.bytes;
}

MemoryStatistics CachingAllocator::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

void CachingAllocator::release_cached() {
  const std::lock_guard lock(mutex_);
  for (FreeBlock*& head : free_) {
    while (head != nullptr) {
      FreeBlock* next = head->next;
      ::operator delete(head, kAlignment);
      head = next;
    }
  }
  statistics_.cached = 0;
}

}  // namespace ebb
