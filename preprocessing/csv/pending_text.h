// The text of a file as its readers take it: read in pieces, given out from the front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/text_buffer.h"

namespace ebb::preprocessing {

class PendingText {
 public:
  /// Throws as open_byte_source does.
  explicit PendingText(const std::filesystem::path& path)
      : source_(source_name(path)), bytes_(open_byte_source(path)) {}

  [[nodiscard]] const std::string& source() const { return source_; }
  /// Bytes of the whole file, where that can be known before it is read.
  [[nodiscard]] std::optional<std::uint64_t> file_size() const { return bytes_->size(); }
  /// What was read and not yet taken; more follows unless at_end().
  [[nodiscard]] std::string_view view() const { return pending_.view(); }
  [[nodiscard]] std::size_t size() const { return pending_.size(); }
  [[nodiscard]] char* data() { return pending_.data(); }
  [[nodiscard]] bool at_end() const { return at_end_; }

  /// Reads up to `bytes` more.
  void fill(std::size_t bytes);
  /// Drops the mark of UTF-8; throws DataError for the two of UTF-16.
  void take_byte_order_mark();
  /// Ends the last line of a file that does not.
  void end_line() { pending_.push_back('\n'); }
  /// Keeps the first bytes; size must be at most size().
  void shrink(std::size_t size) { pending_.shrink(size); }
  void drop_front(std::size_t bytes) { pending_.drop_front(bytes); }
  /// Moves the first bytes to `text`.
  void give(TextBuffer& text, std::size_t bytes);
  /// Throws DataError if what is pending, which begins with `line`, is longer than `most` bytes:
  /// for its first bytes that are no text, else with `advice`.
  void check_length(std::size_t most, std::uint64_t line, std::string_view advice) const;

 private:
  std::string source_;
  std::unique_ptr<ByteSource> bytes_;
  TextBuffer pending_;
  bool at_end_ = false;
};

}  // namespace ebb::preprocessing
