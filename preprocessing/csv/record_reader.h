// Reads a CSV file block by block and parses each block's fields in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "preprocessing/csv/pending_text.h"
#include "preprocessing/csv/record_source.h"
#include "preprocessing/csv/slice_parser.h"

namespace ebb::preprocessing {

class RecordReader final : public RecordSource {
 public:
  /// Opens the file, sniffs the delimiter unless set, and reads the header. Throws IoError, or
  /// DataError for an empty file, for UTF-16, for empty or repeated header names and for more than
  /// 100,000.
  RecordReader(const std::filesystem::path& path, const CsvOptions& options);

  [[nodiscard]] const std::vector<std::string>& header() const override { return header_; }
  [[nodiscard]] const std::string& source() const override { return text_.source(); }
  [[nodiscard]] char delimiter() const { return delimiter_; }
  [[nodiscard]] std::optional<std::uint64_t> text_size() const override {
    return text_.file_size();
  }

  /// The text behind the header, for another that reads it; the reader is of no use then.
  PendingText take_text() && { return std::move(text_); }
  /// The line on which that text begins.
  [[nodiscard]] std::uint64_t line() const { return line_; }

  /// Throws DataError for NUL bytes, invalid UTF-8, ragged rows, bad or open quotes: of several
  /// errors in a block the first by position of its kind.
  bool next(FieldBlock& block) override;

 private:
  void refuse_json(const CsvOptions& options) const;
  void read_header();
  RecordScan scan_on();
  bool next_lines(FieldBlock& block);
  bool next_records(FieldBlock& block);
  void check_record_length(bool has_open_quote) const;
  void fail_open_quote(std::size_t offset) const;

  PendingText text_;
  std::size_t block_bytes_;
  std::size_t slice_bytes_;
  std::size_t max_record_bytes_;
  char delimiter_ = ',';
  std::vector<std::string> header_;
  std::optional<SliceParser> parser_;  // once the header is read
  std::uint64_t line_ = 1;             // the line on which the pending text begins
};

}  // namespace ebb::preprocessing
