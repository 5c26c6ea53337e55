#include "apps/churn/model/input_schema.h"

#include <algorithm>
#include <numeric>

#include "kernels/common/error.h"

namespace ebb::churn {

std::int64_t InputSchema::token_rows() const {
  std::int64_t rows = 1;
  for (const std::int32_t cardinality : cardinalities) rows += cardinality;
  return rows;
}

InputSchema schema_of(const preprocessing::Pipeline& pipeline) {
  return {pipeline.bin_edges(), pipeline.cardinalities()};
}

void write_batch(const InputSchema& schema, const preprocessing::EncodedRows& rows,
                 std::span<const std::size_t> indices, float* numbers, std::int32_t* token_rows) {
  if (rows.device().is_cuda()) fail("write_batch: the rows are on {}", to_string(rows.device()));
  float* number = numbers;
  std::int32_t* token_row = token_rows;
  for (const std::size_t index : indices) {
    number =
        std::copy_n(rows.numbers.data() + index * rows.number_count, rows.number_count, number);
    std::int32_t first = 0;
    *token_row++ = first++;
    for (std::size_t i = 0; i < rows.category_count; ++i) {
      *token_row++ = first + rows.codes[index * rows.category_count + i];
      first += schema.cardinalities[i];
    }
  }
}

Batch make_batch(const InputSchema& schema, const preprocessing::EncodedRows& rows,
                 std::span<const std::size_t> indices) {
  const auto count = static_cast<std::int64_t>(indices.size());
  Batch batch{Tensor::empty({count, schema.number_count()}),
              Tensor::empty({count, 1 + schema.category_count()}, DType::i32)};
  write_batch(schema, rows, indices, batch.numbers.data<float>(),
              batch.token_rows.data<std::int32_t>());
  return batch;
}

Batch make_batch(const InputSchema& schema, const preprocessing::EncodedRows& rows) {
  std::vector<std::size_t> all(rows.rows);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return make_batch(schema, to_host(rows), all);
}

}  // namespace ebb::churn
