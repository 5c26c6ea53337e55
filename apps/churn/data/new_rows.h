// What reading further rows for a fitted pipeline shares.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

/// Opens `path` for reading what the pipeline takes and, where the table has them, the columns
/// `texts`, as texts. Throws as CsvReader and Pipeline::require_columns do; columns of `required`
/// must be there, too.
preprocessing::CsvReader open_new_rows(const std::filesystem::path& path,
                                       const preprocessing::Pipeline& pipeline,
                                       std::span<const std::string> texts,
                                       std::optional<char> delimiter,
                                       std::span<const std::string> required = {});

/// How many rows to give the pipeline at once: some that fit into memory, or all where the steps
/// look at other rows.
std::size_t rows_per_chunk(const preprocessing::Pipeline& pipeline);

/// The values of a column, as texts; none if the table has no such column.
std::vector<std::string> texts_of(const preprocessing::Table& table, const std::string& name);

}  // namespace ebb::churn
