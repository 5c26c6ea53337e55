// Reads a CSV file block by block and parses each block's fields in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_options.h"
#include "preprocessing/csv/field_block.h"
#include "preprocessing/csv/slice_parser.h"

namespace ebb::preprocessing {

class RecordReader {
 public:
  /// Opens the file, sniffs the delimiter unless set, and reads the header. Throws IoError, or
  /// DataError for an empty file, for UTF-16, for empty or repeated header names and for more than
  /// 100,000.
  RecordReader(const std::filesystem::path& path, const CsvOptions& options);

  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] char delimiter() const { return delimiter_; }
  /// Bytes of text in the whole file, where that can be known before it is read.
  [[nodiscard]] std::optional<std::uint64_t> text_size() const { return bytes_->size(); }

  /// Replaces `block` by the next records, false at the end. Throws DataError
  /// "source:line[:column]: ..." for NUL bytes, invalid UTF-8, ragged rows, bad or open quotes: of
  /// several errors in a block the first by position of its kind.
  bool next(FieldBlock& block);

 private:
  bool fill();
  void take_byte_order_mark();
  void read_header();
  RecordScan scan_on();
  bool next_lines(FieldBlock& block);
  bool next_records(FieldBlock& block);
  void give_text(FieldBlock& block, std::size_t bytes);
  void check_record_length(bool has_open_quote) const;
  void fail_open_quote(std::size_t offset) const;

  std::string source_;
  std::unique_ptr<ByteSource> bytes_;
  std::size_t block_bytes_;
  std::size_t slice_bytes_;
  std::size_t max_record_bytes_;
  char delimiter_ = ',';
  std::vector<std::string> header_;
  std::optional<SliceParser> parser_;  // once the header is read
  TextBuffer pending_;                 // text read and not yet given out; begins with a record
  std::uint64_t line_ = 1;             // the line on which pending_ begins
  bool at_end_ = false;
};

}  // namespace ebb::preprocessing
