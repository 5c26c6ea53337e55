// Reference-counted memory that tensors view.
#pragma once

#include <cstddef>
#include <utility>

#include "engine/tensor/allocator.h"

namespace ebb {

/// A shared handle to one block of device memory. The count lies beside what the allocator knows of
/// the block, so making a tensor is one allocation.
class Storage {
 public:
  Storage() = default;

  /// A new block of at least `bytes`, uninitialised, aligned to 64 bytes.
  Storage(std::size_t bytes, Device device)
      : block_(CachingAllocator::of(device).allocate(bytes)) {}
  Storage(const Storage& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Storage(Storage&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage() {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      block_->allocator->release(block_);
    }
  }

  bool defined() const { return block_ != nullptr; }
  std::byte* data() const { return block_->data; }
  std::size_t bytes() const { return block_->bytes; }
  Device device() const { return block_->allocator->device(); }
  /// Whether this is the only handle to the block.
  bool unique() const { return block_->references.load(std::memory_order_acquire) == 1; }

 private:
  MemoryBlock* block_ = nullptr;
};

}  // namespace ebb
