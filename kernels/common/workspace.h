// Scratch memory of a context: grows to the largest request, then is reused without allocation.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace ebb {

/// One scratch buffer, aligned to 64 bytes. A kernel owns it from `acquire` until it returns.
class Workspace {
 public:
  /// At least `bytes` of uninitialised memory, valid until the next call.
  void* acquire(std::size_t bytes) {
    if (bytes > capacity_) {
      memory_.reset();
      memory_.reset(static_cast<std::byte*>(::operator new(bytes, kAlignment)));
      capacity_ = bytes;
    }
    return memory_.get();
  }

  template <class T>
  T* acquire_array(std::size_t count) {
    return static_cast<T*>(acquire(count * sizeof(T)));
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Release {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }
  };

  std::unique_ptr<std::byte, Release> memory_;
  std::size_t capacity_ = 0;
};

}  // namespace ebb
