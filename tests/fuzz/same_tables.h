// What the fuzzers of table readers share.
#pragma once

#include <optional>

#include "preprocessing/table/table.h"
#include "tests/fuzz/fuzz_target.h"

namespace ebb::fuzzing {

/// Of a file read in large blocks and in small ones, where it was accepted.
inline void require_same_tables(const std::optional<preprocessing::Table>& table,
                                const std::optional<preprocessing::Table>& again) {
  require(table.has_value() == again.has_value(), "blocks do not decide what is accepted");
  if (!table) return;
  require(table->names() == again->names(), "blocks do not change the columns");
  require(table->lines() == again->lines(), "blocks do not change the lines");
  for (const preprocessing::Column& column : table->columns()) {
    const preprocessing::Column& other = again->column(column.name);
    require(column.kind == other.kind, "blocks do not change kinds");
    for (std::size_t row = 0; row < table->rows(); ++row) {
      require(column.text(row) == other.text(row), "blocks do not change values");
    }
  }
}

}  // namespace ebb::fuzzing
