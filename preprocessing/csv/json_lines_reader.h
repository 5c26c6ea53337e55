// Files of JSON lines: an object on each line, whose keys are the columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "preprocessing/csv/pending_text.h"
#include "preprocessing/csv/record_source.h"

namespace ebb::preprocessing {

/// Gives the fields that the same table has as CSV: texts as they are, numbers as they are spelled,
/// true and false; null and an absent key are a missing value.
class JsonLinesReader final : public RecordSource {
 public:
  /// Opens the file. Its columns are the keys of its first 16 MiB in the order in which they occur.
  /// Throws IoError, and DataError for an empty file, for UTF-16, for an empty key, for more than
  /// kMostColumns keys, and as next does for the lines among those.
  JsonLinesReader(const std::filesystem::path& path, const CsvOptions& options);

  [[nodiscard]] const std::vector<std::string>& header() const override { return header_; }
  [[nodiscard]] const std::string& source() const override { return text_.source(); }
  [[nodiscard]] std::optional<std::uint64_t> text_size() const override {
    return text_.file_size();
  }

  /// Throws DataError for what JsonLine refuses, for a key that stands twice on a line, for one
  /// that no column has, unless undeclared columns are ignored, and for so few keys on so many
  /// lines that the table would be far larger than the file: of several the first by position.
  bool next(FieldBlock& block) override;

 private:
  void read_header();
  std::size_t read_lines();
  std::size_t cut_block(std::size_t bytes) const;
  void check_expansion(const FieldBlock& block);

  PendingText text_;
  std::size_t block_bytes_;
  std::size_t slice_bytes_;
  std::size_t max_record_bytes_;
  bool ignores_other_keys_;
  std::string null_text_;  // a field that means a missing value
  std::vector<std::string> header_;
  std::unordered_map<std::string, std::size_t> columns_;
  std::uint64_t line_ = 1;   // the line on which the pending text begins
  std::uint64_t taken_ = 0;  // bytes of text given out, and the cells that they became
  std::uint64_t cells_ = 0;
};

}  // namespace ebb::preprocessing
