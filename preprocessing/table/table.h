// A table: named columns of equal length, and where each row came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

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

  /// Appends a column. Throws DataError if its name exists, Error if its length differs.
  void add(Column column);
  /// Removes columns. Throws DataError on an unknown name.
  void drop(std::span<const std::string> names);

  /// Keeps the given rows alone, in place: ascending, each once. Text columns keep all levels.
  /// Throws Error on rows that are not ascending or out of range.
  void keep_rows(std::span<const std::size_t> rows);

  /// What the reader wants the user to know about its guesses, one sentence each.
  std::vector<std::string> notes;

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
