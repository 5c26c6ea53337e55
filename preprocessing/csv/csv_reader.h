// CSV files to tables: RFC 4180 with LF or CRLF, an optional UTF-8 byte order mark, and plain,
// gzip, xz or zstd bytes from a file, a FIFO or standard input ("-"). The first record is the
// header. Files of JSON lines are read the same way (CsvOptions::format).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "preprocessing/csv/csv_options.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Reads the whole file. Kinds are declared by `options.columns` or inferred (table/inference.h);
/// an ignored column is left out of the table. The text is read in blocks and never held as a whole
/// beyond the sample. Equal results for any number of threads.
/// Throws IoError (cannot read, damaged compression) and DataError, all naming the file and, where
/// there is one, the line: empty file, header without rows, empty or repeated column name, ragged
/// row, NUL byte, invalid UTF-8, open quote, a text in a number column, an unknown declared column.
Table read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// Reads a file in chunks of rows with bounded memory. Kinds come from `options.columns` alone:
/// declare every column that is wanted; the others are skipped (`options.undeclared` must be
/// `ignore`). Each chunk numbers its texts anew.
class CsvReader {
 public:
  /// Opens the file and reads its header; throws as read_csv does.
  CsvReader(const std::filesystem::path& path, const CsvOptions& options);
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  /// All names of the file's header, skipped columns too.
  [[nodiscard]] const std::vector<std::string>& header() const;

  /// Replaces `chunk` by the next at most `max_rows` rows, fewer if they have more than 64 MiB of
  /// text, but all for the largest size_t; false (and no rows) at the end. Throws DataError at the
  /// first call if the file has a header only.
  bool next(Table& chunk, std::size_t max_rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::preprocessing
