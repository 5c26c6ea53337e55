// A table: named columns of equal length, and where each row came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// Texts of a number column that the reader was told to take for missing.
struct StrayTexts {
  std::string column;
  std::size_t count = 0;
  std::string first;
  std::uint64_t line = 0;  ///< of the first
};

class Table {
 public:
  Table() = default;
  /// `source` names the origin in messages; `lines[row]` is the line of the source on which the row
  /// began. Empty `lines`: rows are named by number, from 1.
  Table(std::string source, std::vector<std::uint64_t> lines);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] const std::vector<std::uint64_t>& lines() const { return lines_; }
  /// "file.csv:17": where row `row` came from, for messages.
  [[nodiscard]] std::string where(std::size_t row) const;

  /// The column, or nullptr.
  [[nodiscard]] const Column* find(std::string_view name) const;
  /// The column. Throws DataError that lists the columns and the nearest name.
  [[nodiscard]] const Column& column(std::string_view name) const;

  /// Those of `names` that it has, in their order.
  [[nodiscard]] std::vector<std::string> present(std::span<const std::string> names) const;
  [[nodiscard]] bool has_all(std::span<const std::string> names) const;
  /// The values of a number column. Throws DataError as column() does, and for another kind.
  [[nodiscard]] const std::vector<double>& numbers(std::string_view name) const;

  /// Appends a column. Throws DataError if its name exists, Error if its length differs.
  void add(Column column);
  /// Removes columns. Throws DataError on an unknown name.
  void drop(std::span<const std::string> names);

  /// Puts the columns that `change(i, column)` makes of column names[i] in its place, all in
  /// parallel. Throws DataError on an unknown name, on one that is there twice afterwards and what
  /// `change` throws (of several the first by i), Error on columns of another length; the table is
  /// not to be used then.
  void replace(std::span<const std::string> names,
               const std::function<std::vector<Column>(std::size_t i, Column column)>& change);

  /// Keeps the given rows alone, in place: ascending, each once. Text columns keep all levels.
  /// Throws Error on rows that are not ascending or out of range.
  void keep_rows(std::span<const std::size_t> rows);

  /// What the reader wants the user to know about its guesses, one sentence each.
  std::vector<std::string> notes;
  /// By column, with CsvOptions::text_among_numbers = missing.
  std::vector<StrayTexts> stray_texts;

 private:
  void index_names();

  std::string source_ = "table";
  std::vector<std::uint64_t> lines_;
  std::vector<Column> columns_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::size_t rows_ = 0;
};

/// The given rows in the given order (repeats allowed). Text columns keep all levels, so that codes
/// mean the same in every part of a split. Throws Error on an index out of range.
Table select_rows(const Table& table, std::span<const std::size_t> indices);

}  // namespace ebb::preprocessing
