// Reads a CSV file block by block and parses each block's fields in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_options.h"
#include "preprocessing/csv/fields.h"

namespace ebb::preprocessing {

/// Parsed records with the text that their fields point into.
struct FieldBlock {
  std::vector<char> text;
  std::vector<Field> fields;         ///< row-major [rows, columns]
  std::vector<std::uint64_t> lines;  ///< the line of the file on which each row begins
  std::size_t columns = 0;

  [[nodiscard]] std::size_t rows() const { return lines.size(); }
  [[nodiscard]] std::string_view field(std::size_t row, std::size_t column) const {
    const Field& found = fields[row * columns + column];
    return {text.data() + found.offset, found.length};
  }
};

class RecordReader {
 public:
  /// Opens the file, sniffs the delimiter unless set, and reads the header. Throws IoError, or
  /// DataError for an empty file, for UTF-16, for empty or repeated header names and for more than
  /// 100,000.
  RecordReader(const std::filesystem::path& path, const CsvOptions& options);

  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] char delimiter() const { return delimiter_; }

  /// Replaces `block` by the next records, false at the end. Throws DataError
  /// "source:line[:column]: ..." for NUL bytes, invalid UTF-8, ragged rows, bad or open quotes: of
  /// several errors in a block the first by position of its kind.
  bool next(FieldBlock& block);

 private:
  bool fill();
  void take_byte_order_mark();
  void read_header();
  RecordScan scan_on();
  void drop_text(std::size_t bytes);
  void keep_to_first_short(std::vector<RecordSpan>& records) const;
  void check_record_length(bool has_open_quote) const;
  void fail_open_quote(std::size_t offset) const;
  void parse_fields(FieldBlock& block, const std::vector<RecordSpan>& records) const;

  std::string source_;
  std::unique_ptr<ByteSource> bytes_;
  std::size_t block_bytes_;
  std::size_t max_record_bytes_;
  char delimiter_ = ',';
  std::vector<std::string> header_;
  std::vector<char> pending_;  // text read and not yet given out; begins with a record
  std::uint64_t line_ = 1;     // the line on which pending_ begins
  bool at_end_ = false;
};

}  // namespace ebb::preprocessing
