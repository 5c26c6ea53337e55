// How one piece of workspace is divided among several arrays.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ebb {

/// Cuts memory into arrays, each aligned to kAlignment bytes if the memory is; without memory it
/// counts their bytes, so that the same calls say what to acquire and then divide it.
template <std::size_t kAlignment>
class AlignedParts {
 public:
  explicit AlignedParts(void* memory = nullptr) : memory_(static_cast<std::byte*>(memory)) {}

  /// An array of `count` elements, uninitialised; not to be used when there is no memory.
  template <class T>
  T* take(std::int64_t count) {
    T* array = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + bytes_);
    bytes_ +=
        (static_cast<std::size_t>(count) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return array;
  }

  /// Of all arrays so far.
  std::size_t bytes() const { return bytes_; }

 private:
  std::byte* memory_;
  std::size_t bytes_ = 0;
};

/// As CUDA's own allocations are.
using WorkspaceParts = AlignedParts<256>;

}  // namespace ebb
