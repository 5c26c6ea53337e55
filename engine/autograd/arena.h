// Memory for the nodes of a tape: handed out in order, taken back all at once, never freed between.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace ebb {

class Arena {
 public:
  /// `bytes` of memory aligned for any type, valid until reset().
  void* allocate(std::size_t bytes) {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    while (current_ < chunks_.size() && used_ + bytes > chunks_[current_].size) {
      ++current_;
      used_ = 0;
    }
    if (current_ == chunks_.size()) {
      const std::size_t size = std::max(bytes, kChunk);
      chunks_.push_back({std::make_unique<std::byte[]>(size), size});
      used_ = 0;
    }
    void* memory = chunks_[current_].memory.get() + used_;
    used_ += bytes;
    return memory;
  }

  void reset() {
    current_ = 0;
    used_ = 0;
  }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };
  static constexpr std::size_t kAlignment = alignof(std::max_align_t);
  static constexpr std::size_t kChunk = 64 * 1024;

  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

}  // namespace ebb
