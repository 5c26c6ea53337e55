#include "engine/tensor/allocator.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/tensor/host_memory.h"

namespace ebb {
namespace {

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

using Allocators = std::vector<std::unique_ptr<CachingAllocator>>;

Allocators make_allocators_of_gpus() {
  Allocators allocators;
  for (int index = 0; index < cuda_device_count(); ++index) {
    allocators.push_back(std::make_unique<CachingAllocator>(Device{DeviceKind::cuda, index}));
  }
  return allocators;
}

CachingAllocator& allocator_of_gpu(Device device) {
  // Never destroyed: tensors in static storage may outlive any order of destruction.
  static auto* allocators = [] {
    auto* made = new Allocators(make_allocators_of_gpus());
    set_cache_release([](Device short_of) { allocator_of_gpu(short_of).release_cached(); });
    return made;
  }();
  return *(*allocators)[static_cast<std::size_t>(device.index)];
}

thread_local CachingAllocator* pool_in_force = nullptr;

void* allocate_memory(Device device, std::size_t bytes) {
  return device.is_cuda() ? allocate_device_memory(device, bytes) : allocate_host_memory(bytes);
}

void free_memory(Device device, void* memory, std::size_t bytes) noexcept {
  device.is_cuda() ? free_device_memory(device, memory) : free_host_memory(memory, bytes);
}

}  // namespace

CachingAllocator& CachingAllocator::of(Device device) {
  if (pool_in_force != nullptr && pool_in_force->device() == device) return *pool_in_force;
  // Never destroyed: tensors in static storage may outlive any order of destruction.
  if (!device.is_cuda()) {
    static auto* allocator = new CachingAllocator(Device{});
    return *allocator;
  }
  require_available(device);
  return allocator_of_gpu(device);
}

AllocationScope::AllocationScope(CachingAllocator& pool)
    : before_(std::exchange(pool_in_force, &pool)) {}

AllocationScope::~AllocationScope() { pool_in_force = before_; }

MemoryBlock* CachingAllocator::allocate(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  MemoryBlock* block = take_cached(size.index);
  const bool is_new = block == nullptr;
  if (is_new) {
    block = new_block(bytes, size.bytes);
    block->size_class = size.index;
  }
  block->bytes = bytes;
  block->references.store(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  if (is_new) ++statistics_.allocations;
  statistics_.current += size.bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.current);
  return block;
}

MemoryBlock* CachingAllocator::take_cached(std::size_t size_class) {
  const std::lock_guard lock(mutex_);
  MemoryBlock* block = free_[size_class];
  if (block == nullptr) return nullptr;
  free_[size_class] = block->next;
  statistics_.cached -= block->capacity;
  return block;
}

MemoryBlock* CachingAllocator::new_block(std::size_t bytes, std::size_t capacity) {
  auto block = std::make_unique<MemoryBlock>();
  const std::size_t cached = statistics().cached;
  void* memory = allocate_memory(device_, capacity);
  if (memory == nullptr) {
    if (cache_ == Cache::given_back) {
      release_cached();
      memory = allocate_memory(device_, capacity);
    }
    if (memory == nullptr) {
      fail(
          "out of memory: a tensor of {} bytes was asked for on {} while {} bytes are in use, {} "
          "were cached{}{}; use a smaller batch or model",
          bytes, to_string(device_), statistics().current, cached,
          cache_ == Cache::given_back ? " and given back" : "", describe_free_memory(device_));
    }
  }
  block->data = static_cast<std::byte*>(memory);
  block->allocator = this;
  block->capacity = capacity;
  return block.release();
}

void CachingAllocator::release(MemoryBlock* block) noexcept {
  const std::lock_guard lock(mutex_);
  block->next = free_[block->size_class];
  free_[block->size_class] = block;
  statistics_.current -= block->capacity;
  statistics_.cached += block->capacity;
}

MemoryStatistics CachingAllocator::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

void CachingAllocator::release_cached() {
  const std::lock_guard lock(mutex_);
  for (MemoryBlock*& head : free_) {
    while (head != nullptr) {
      const std::unique_ptr<MemoryBlock> block(std::exchange(head, head->next));
      free_memory(device_, block->data, block->capacity);
    }
  }
  statistics_.cached = 0;
}

}  // namespace ebb
