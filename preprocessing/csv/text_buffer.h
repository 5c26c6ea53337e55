// Bytes of text that grow at the end, and a few more that can be read behind them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace ebb::preprocessing {

/// As std::vector<char>, without setting bytes to zero that are about to be read from a file.
class TextBuffer {
 public:
  /// Bytes behind the text that can be read; what they hold means nothing.
  static constexpr std::size_t kPadding = 64;

  TextBuffer() = default;
  /// Leaves `other` empty.
  TextBuffer(TextBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  TextBuffer& operator=(TextBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~TextBuffer() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

  /// Makes room for `size` bytes without changing those that are there.
  void reserve(std::size_t size) {
    if (size <= capacity_) return;
    auto bytes = std::make_unique_for_overwrite<char[]>(size + kPadding);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    std::memset(bytes.get() + size, 0, kPadding);  // so that checkers of memory see it set
    bytes_ = std::move(bytes);
    capacity_ = size;
  }
  /// Takes in bytes that were written behind the end, for which there must be room.
  void extend(std::size_t size) { size_ += size; }
  void push_back(char c) {
    reserve(size_ + 1);
    bytes_[size_++] = c;
  }
  /// Keeps the first bytes; size must be at most size().
  void shrink(std::size_t size) { size_ = size; }
  /// Replaces the text; `text` must not lie in it.
  void assign(std::string_view text) {
    size_ = 0;
    reserve(text.size());
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    size_ = text.size();
  }
  /// Drops the first bytes; size must be at most size().
  void drop_front(std::size_t size) {
    size_ -= size;
    if (size_ > 0) std::memmove(bytes_.get(), bytes_.get() + size, size_);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ebb::preprocessing
