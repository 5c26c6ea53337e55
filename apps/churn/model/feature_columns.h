// Which features of the encoded rows come from which column, and rows mixed column by column.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/churn/model/input_schema.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

/// A column that the model uses: either a number, with its indicator if it has one, or a category.
struct FeatureColumn {
  std::string name;
  std::vector<std::size_t> numbers;     // places in EncodedRows::numbers
  std::optional<std::size_t> category;  // place in EncodedRows::codes
};

/// The pipeline's columns, as they are after its steps: numbers, then categories.
std::vector<FeatureColumn> feature_columns(const preprocessing::Pipeline& pipeline);

/// The tokens that a column becomes, in the order of InputSchema::tokens().
std::vector<std::size_t> tokens_of(const FeatureColumn& column, const InputSchema& schema);

/// The rows `indices` (repeats allowed) of rows in host memory.
preprocessing::EncodedRows take_rows(const preprocessing::EncodedRows& rows,
                                     std::span<const std::size_t> indices);

/// Rows of the same features as `like`, all zeros.
preprocessing::EncodedRows rows_like(const preprocessing::EncodedRows& like, std::size_t rows);

/// Row `from_row` of `from` becomes row `to_row` of `to`, which has the same features.
void copy_row(const preprocessing::EncodedRows& from, std::size_t from_row,
              preprocessing::EncodedRows& to, std::size_t to_row);

/// The same for the features of one column.
void copy_column(const FeatureColumn& column, const preprocessing::EncodedRows& from,
                 std::size_t from_row, preprocessing::EncodedRows& to, std::size_t to_row);

/// Whether two rows have the same values in all features of the column.
bool equal_in(const FeatureColumn& column, const preprocessing::EncodedRows& first,
              std::size_t first_row, const preprocessing::EncodedRows& second,
              std::size_t second_row);

}  // namespace ebb::churn
