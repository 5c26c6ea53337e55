// How a CSV file, or one of JSON lines, is to be read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// What happens to columns of the file that `CsvOptions::columns` does not name.
enum class UndeclaredColumns {
  infer,   ///< their kind is inferred from their values (table/inference.h)
  ignore,  ///< they are skipped without being parsed
};

/// How the records of a text file are spelled.
enum class TextFormat {
  by_name,     ///< JSON lines if the name ends with .jsonl or .ndjson, also before .gz, .xz or .zst
  csv,         ///< fields between delimiters, names of columns in the first record
  json_lines,  ///< an object on each line, whose keys are the columns (json_lines_reader.h)
};

/// What a file may have.
inline constexpr std::size_t kMostColumns = 100'000;

/// What a text means in a column that is declared to hold numbers.
enum class TextAmongNumbers {
  refuse,         ///< an error
  refuse_fitted,  ///< an error; the kinds are those of a fitted pipeline, which the user cannot
                  ///< change: what the message advises
  refuse_fixed,   ///< an error; the column can hold nothing else
  missing,        ///< no value; Table::stray_texts says how many there were
};

struct CsvOptions {
  TextFormat format = TextFormat::by_name;
  /// One of `,` `;` tab `|`, or ` ` for fields between one blank or tab or more, where an empty
  /// field has to be written "". Empty: one of the first four, sniffed from the first records
  /// (csv/dialect.h).
  std::optional<char> delimiter;
  /// Fields that mean "no value", quoted or not. Compared exactly, without the blanks around a
  /// field, but with those within its quotes.
  std::vector<std::string> missing_tokens = default_missing_tokens();
  /// Kinds set by the caller; they win over inference.
  std::vector<ColumnDeclaration> columns;
  UndeclaredColumns undeclared = UndeclaredColumns::infer;
  /// Whether a declared column that the header lacks is a DataError.
  bool require_declared = true;
  TextAmongNumbers text_among_numbers = TextAmongNumbers::refuse;
  /// Bytes of text read and parsed at a time; the memory for text is a small multiple of it.
  std::size_t block_bytes = std::size_t{4} << 20;
  /// Kinds are inferred from the first blocks that hold this many rows (or 32 MiB of text).
  std::size_t sample_rows = 65536;
  /// A record longer than this is an error; reading it takes up to four times as much memory.
  std::size_t max_record_bytes = std::size_t{64} << 20;

  /// "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None".
  static std::vector<std::string> default_missing_tokens();
};

}  // namespace ebb::preprocessing
