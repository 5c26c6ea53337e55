// The columns that a pipeline needs in a table that may lack them.
#pragma once

#include <span>
#include <string>

#include "preprocessing/pipeline/pipeline_config.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Throws DataError: the model was trained on a column that `header`, of `source`, lacks.
[[noreturn]] void fail_missing(const std::string& source, const std::string& name,
                               std::span<const std::string> header);

/// The column, or nullptr where it may be absent. Throws as fail_missing.
const Column* find_input(const Table& table, const std::string& name, AbsentColumn absent);

/// A column of `kind`, number or category, without any value.
Column missing_column(const std::string& name, ColumnKind kind, std::size_t rows);

}  // namespace ebb::preprocessing
