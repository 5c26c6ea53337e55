// What the network knows of its inputs, and how encoded rows become its tensors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "engine/tensor/tensor.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

struct InputSchema {
  std::vector<std::vector<double>> bin_edges;  // ascending, at least two, per number feature
  std::vector<std::int32_t> cardinalities;     // codes per category feature

  std::int64_t number_count() const { return static_cast<std::int64_t>(bin_edges.size()); }
  std::int64_t category_count() const { return static_cast<std::int64_t>(cardinalities.size()); }
  /// The class token, which the head reads, then category tokens, then number tokens.
  std::int64_t tokens() const { return 1 + category_count() + number_count(); }
  /// Rows of the token table: the class token's, then those of every category's codes.
  std::int64_t token_rows() const;
};

/// The inputs that a pipeline produces.
InputSchema schema_of(const preprocessing::Pipeline& pipeline);

/// One batch of model inputs.
struct Batch {
  Tensor numbers;     // [rows, number_count] of the model's dtype
  Tensor token_rows;  // i32 [rows, 1 + category_count]: rows of the token table

  std::int64_t rows() const { return token_rows.extent(0); }
  /// Rows [begin, begin + count), sharing the data.
  Batch slice(std::int64_t begin, std::int64_t count) const {
    return {numbers.slice(0, begin, count), token_rows.slice(0, begin, count)};
  }
};

/// Writes the rows `indices` of encoded rows to host memory: [rows, number_count] and [rows,
/// 1 + category_count], as in a Batch. Throws Error on rows that are on a GPU.
void write_batch(const InputSchema& schema, const preprocessing::EncodedRows& rows,
                 std::span<const std::size_t> indices, float* numbers, std::int32_t* token_rows);

/// The same as a batch on the CPU.
Batch make_batch(const InputSchema& schema, const preprocessing::EncodedRows& rows,
                 std::span<const std::size_t> indices);
/// All rows, wherever they are, as one batch on the CPU.
Batch make_batch(const InputSchema& schema, const preprocessing::EncodedRows& rows);

}  // namespace ebb::churn
