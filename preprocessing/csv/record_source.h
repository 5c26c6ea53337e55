// Records of a text file, block by block, whatever its format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "preprocessing/csv/csv_options.h"
#include "preprocessing/csv/field_block.h"

namespace ebb::preprocessing {

class RecordSource {
 public:
  RecordSource() = default;
  RecordSource(const RecordSource&) = delete;
  RecordSource& operator=(const RecordSource&) = delete;
  virtual ~RecordSource() = default;

  /// Names of the columns, in the order of a record's fields.
  [[nodiscard]] virtual const std::vector<std::string>& header() const = 0;
  /// The file's name in messages.
  [[nodiscard]] virtual const std::string& source() const = 0;
  /// Bytes of text in the whole file, where that can be known before it is read.
  [[nodiscard]] virtual std::optional<std::uint64_t> text_size() const = 0;
  /// Replaces `block` by the next records, false at the end. Throws DataError
  /// "source:line[:column]: ..." for what the format does not allow.
  virtual bool next(FieldBlock& block) = 0;
};

/// Whether the file is one of JSON lines.
bool is_json_lines(const std::filesystem::path& path, const CsvOptions& options);

/// Opens a file of the format that options.format tells.
std::unique_ptr<RecordSource> open_records(const std::filesystem::path& path,
                                           const CsvOptions& options);

}  // namespace ebb::preprocessing
