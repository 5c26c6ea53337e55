// Scratch memory of a context: grows to the largest request, then is reused without allocation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "kernels/common/device.h"

namespace ebb {

/// One scratch buffer in a device's memory, aligned to 64 bytes. A kernel owns it from `acquire`
/// until it returns; on CUDA until the next work on the same stream that acquires.
class Workspace {
 public:
  explicit Workspace(Device device = {}) : device_(device) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { release(); }

  /// At least `bytes` of uninitialised memory, valid until the next call. Throws Error when there
  /// is no more.
  void* acquire(std::size_t bytes) {
    if (bytes > capacity_) {
      release();
      memory_ = allocate_device_memory(device_, bytes);
      if (memory_ == nullptr) {
        fail(
            "out of memory: {} bytes of workspace were asked for on {}{}; use a smaller batch or "
            "model",
            bytes, to_string(device_), describe_free_memory(device_));
      }
      capacity_ = bytes;
    }
    return memory_;
  }

  template <class T>
  T* acquire_array(std::size_t count) {
    return static_cast<T*>(acquire(count * sizeof(T)));
  }

 private:
  void release() noexcept {
    if (memory_ != nullptr) free_device_memory(device_, std::exchange(memory_, nullptr));
    capacity_ = 0;
  }

  Device device_;
  void* memory_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace ebb
