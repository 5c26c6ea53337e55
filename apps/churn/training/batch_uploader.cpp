#include "apps/churn/training/batch_uploader.h"

namespace ebb::churn {
namespace {

// Where the parts of a batch lie in one buffer, in bytes. Each begins at a multiple of 64.
struct Layout {
  Layout(const InputSchema& schema, std::int64_t rows)
      : token_rows(aligned(rows * schema.number_count() * 4)),
        targets(token_rows + aligned(rows * (1 + schema.category_count()) * 4)),
        end(targets + aligned(rows * 4)) {}

  static std::size_t aligned(std::int64_t bytes) {
    return (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
  }

  std::size_t numbers = 0;
  std::size_t token_rows;
  std::size_t targets;
  std::size_t end;
};

}  // namespace

BatchUploader::BatchUploader(const InputSchema& schema, Device device)
    : schema_(schema), buffers_{StagingBuffer(device), StagingBuffer(device)} {}

void BatchUploader::prepare(const preprocessing::EncodedRows& rows, std::span<const float> labels,
                            std::span<const std::size_t> indices) {
  current_ = 1 - current_;
  rows_ = static_cast<std::int64_t>(indices.size());
  has_labels_ = !labels.empty();
  const Layout layout(schema_, rows_);
  std::byte* host = buffers_[current_].host(layout.end);
  write_batch(schema_, rows, indices, reinterpret_cast<float*>(host + layout.numbers),
              reinterpret_cast<std::int32_t*>(host + layout.token_rows));
  if (has_labels_) {
    auto* target = reinterpret_cast<float*>(host + layout.targets);
    for (const std::size_t index : indices) *target++ = labels[index];
  }
  buffers_[current_].upload();
}

LabelledBatch BatchUploader::take() {
  const Layout layout(schema_, rows_);
  StagingBuffer& buffer = buffers_[current_];
  LabelledBatch batch{
      {buffer.tensor({rows_, schema_.number_count()}, DType::f32, layout.numbers),
       buffer.tensor({rows_, 1 + schema_.category_count()}, DType::i32, layout.token_rows)},
      {}};
  if (has_labels_) batch.targets = buffer.tensor({rows_}, DType::f32, layout.targets);
  return batch;
}

}  // namespace ebb::churn
