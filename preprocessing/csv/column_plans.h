// What is made of each column of a file: as declared, or as the file's first rows tell.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "preprocessing/csv/column_builder.h"
#include "preprocessing/csv/csv_options.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/csv/record_source.h"
#include "preprocessing/csv/schema.h"

namespace ebb::preprocessing {

/// The plan of a declared column.
BuildPlan declared_plan(DeclaredKind kind, const CsvOptions& options);

/// The first blocks of a file, which decide the kinds of undeclared columns: `sample_rows` rows or
/// more, or 32 MiB of text. Empty if there are no rows.
std::vector<FieldBlock> read_sample(RecordSource& reader, std::size_t sample_rows);
std::size_t rows_of(const std::vector<FieldBlock>& blocks);

struct ColumnPlans {
  std::vector<WantedColumn> columns;
  std::vector<BuildPlan> plans;    ///< of each column
  std::vector<std::string> notes;  ///< as of Table::notes
};

/// Throws DataError as plan_column does, of several columns for the first.
ColumnPlans plan_columns(std::vector<WantedColumn> columns, const std::vector<FieldBlock>& sample,
                         const CsvOptions& options, const MissingTokens& missing,
                         const std::string& source);

}  // namespace ebb::preprocessing
