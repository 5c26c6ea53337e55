// Reference-counted memory that tensors view.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "engine/tensor/allocator.h"

namespace ebb {

/// A shared handle to one block of device memory. The count lives in the block's first 64 bytes, so
/// making a tensor is one allocation.
class Storage {
 public:
  Storage() = default;

  /// A new block of at least `bytes`, uninitialised, aligned to 64 bytes.
  Storage(std::size_t bytes, Device device) {
    CachingAllocator& allocator = CachingAllocator::of(device);
    header_ = new (allocator.allocate(kHeaderBytes + bytes)) Header{{1}, bytes, device, &allocator};
  }
  Storage(const Storage& other) noexcept : header_(other.header_) {
    if (header_ != nullptr) header_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Storage(Storage&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~Storage() {
    if (header_ != nullptr && header_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      header_->allocator->release(header_, kHeaderBytes + header_->bytes);
    }
  }

  bool defined() const { return header_ != nullptr; }
  std::byte* data() const { return reinterpret_cast<std::byte*>(header_) + kHeaderBytes; }
  std::size_t bytes() const { return header_->bytes; }
  Device device() const { return header_->device; }
  /// Whether this is the only handle to the block.
  bool unique() const { return header_->references.load(std::memory_order_acquire) == 1; }

 private:
  struct Header {
    std::atomic<std::size_t> references;
    std::size_t bytes;
    Device device;
    CachingAllocator* allocator;
  };
  static constexpr std::size_t kHeaderBytes = 64;
  static_assert(sizeof(Header) <= kHeaderBytes);

  Header* header_ = nullptr;
};

}  // namespace ebb
