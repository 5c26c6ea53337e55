// Turns blocks of fields into tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "preprocessing/csv/column_builder.h"
#include "preprocessing/csv/field_block.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/csv/schema.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// The builders of all wanted columns, which take blocks and give tables.
class TableBuilder {
 public:
  TableBuilder(std::vector<WantedColumn> columns, const std::vector<BuildPlan>& plans,
               std::string source);

  /// Makes room for so many rows in all.
  void reserve(std::size_t rows);
  /// Appends rows [begin, end) of the block. Throws DataError at the first row with a text in a
  /// number column, of several columns for the first.
  void append(const FieldBlock& block, std::size_t begin, std::size_t end,
              const MissingTokens& missing);
  [[nodiscard]] std::size_t rows() const { return lines_.size(); }
  /// The table; the builder is then as new, for the next chunk.
  Table finish();

 private:
  std::vector<RowRange> take_ranges(const FieldBlock& block, std::size_t begin, std::size_t end);
  void read(const RowRange& rows, const MissingTokens& missing, Unsettled* unsettled);

  std::vector<WantedColumn> columns_;
  std::vector<ColumnBuilder> builders_;
  std::vector<std::uint64_t> lines_;
  std::vector<Unsettled> unsettled_;  // for each range of a block and column
  std::string source_;
};

}  // namespace ebb::preprocessing
