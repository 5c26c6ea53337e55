#include "apps/churn/training/batch_uploader.h"

#include "apps/churn/model/gather_batch.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

std::size_t aligned(std::int64_t bytes) { return (static_cast<std::size_t>(bytes) + 63) / 64 * 64; }

// Where the parts of a batch lie in one buffer, in bytes. Each begins at a multiple of 64.
struct Layout {
  Layout(const InputSchema& schema, std::int64_t rows)
      : token_rows(aligned(rows * schema.number_count() * 4)),
        targets(token_rows + aligned(rows * (1 + schema.category_count()) * 4)),
        sample_weights(targets + aligned(rows * 4)),
        end(sample_weights + aligned(rows * 4)) {}

  std::size_t numbers = 0;
  std::size_t token_rows;
  std::size_t targets;
  std::size_t sample_weights;
  std::size_t end;
};

// The same of what travels where the device gathers.
struct IndexLayout {
  explicit IndexLayout(std::int64_t rows)
      : labels(aligned(rows * 8)),
        weights(labels + aligned(rows * 4)),
        end(weights + aligned(rows * 4)) {}

  std::size_t indices = 0;
  std::size_t labels;
  std::size_t weights;
  std::size_t end;
};

/// Those of `values` at the indices; nothing where there are none.
void write_values(std::span<const float> values, std::span<const std::size_t> indices,
                  std::byte* to) {
  if (values.empty()) return;
  auto* value = reinterpret_cast<float*>(to);
  for (const std::size_t index : indices) *value++ = values[index];
}

Tensor first_rows_of(const InputSchema& schema, Device device) {
  std::vector<std::int32_t> first_rows;
  std::int32_t first = 1;  // after the class token's
  for (const std::int32_t cardinality : schema.cardinalities) {
    first_rows.push_back(first);
    first += cardinality;
  }
  return Tensor::from_values({schema.category_count()}, first_rows, device);
}

}  // namespace

BatchUploader::BatchUploader(const InputSchema& schema, Device device)
    : schema_(schema), context_(device), buffers_{StagingBuffer(device), StagingBuffer(device)} {}

void BatchUploader::prepare(const preprocessing::EncodedRows& rows, const RowTargets& targets,
                            std::span<const std::size_t> indices) {
  current_ = 1 - current_;
  rows_ = static_cast<std::int64_t>(indices.size());
  has_labels_ = !targets.labels.empty();
  has_weights_ = !targets.weights.empty();
  from_ = {rows.device_numbers, rows.device_codes};
  if (!from_.numbers.defined()) return prepare_on_host(rows, targets, indices);
  if (rows.device() != context_.device()) {
    fail("BatchUploader: the rows are on {}, and batches are wanted on {}",
         to_string(rows.device()), to_string(context_.device()));
  }
  prepare_indices(targets, indices);
}

void BatchUploader::prepare_on_host(const preprocessing::EncodedRows& rows,
                                    const RowTargets& targets,
                                    std::span<const std::size_t> indices) {
  const Layout layout(schema_, rows_);
  std::byte* host = buffers_[current_].host(layout.end);
  write_batch(schema_, rows, indices, reinterpret_cast<float*>(host + layout.numbers),
              reinterpret_cast<std::int32_t*>(host + layout.token_rows));
  write_values(targets.labels, indices, host + layout.targets);
  write_values(targets.weights, indices, host + layout.sample_weights);
  buffers_[current_].upload();
}

void BatchUploader::prepare_indices(const RowTargets& targets,
                                    std::span<const std::size_t> indices) {
  const IndexLayout layout(rows_);
  std::byte* host = buffers_[current_].host(layout.end);
  auto* index = reinterpret_cast<std::int64_t*>(host + layout.indices);
  for (const std::size_t row : indices) *index++ = static_cast<std::int64_t>(row);
  write_values(targets.labels, indices, host + layout.labels);
  write_values(targets.weights, indices, host + layout.weights);
  buffers_[current_].upload();
}

LabelledBatch BatchUploader::take() {
  if (from_.numbers.defined()) return gather_on_device();
  const Layout layout(schema_, rows_);
  StagingBuffer& buffer = buffers_[current_];
  LabelledBatch batch{
      {buffer.tensor({rows_, schema_.number_count()}, DType::f32, layout.numbers),
       buffer.tensor({rows_, 1 + schema_.category_count()}, DType::i32, layout.token_rows)},
      {},
      {}};
  if (has_labels_) batch.targets = buffer.tensor({rows_}, DType::f32, layout.targets);
  if (has_weights_)
    batch.sample_weights = buffer.tensor({rows_}, DType::f32, layout.sample_weights);
  return batch;
}

LabelledBatch BatchUploader::gather_on_device() {
  const Layout layout(schema_, rows_);
  const IndexLayout staged(rows_);
  // One piece of memory, so that a CUDA graph that knows a part of a batch knows all of them.
  Storage& storage = gathered_[current_];
  if (!storage.defined() || storage.bytes() < layout.end) {
    storage = Storage(layout.end, context_.device());
  }
  if (!first_rows_.defined()) first_rows_ = first_rows_of(schema_, context_.device());
  StagingBuffer& buffer = buffers_[current_];
  LabelledBatch batch{
      {Tensor::in_storage(storage, layout.numbers, {rows_, schema_.number_count()}, DType::f32),
       Tensor::in_storage(storage, layout.token_rows, {rows_, 1 + schema_.category_count()},
                          DType::i32)},
      {},
      {}};
  if (has_labels_) {
    batch.targets = Tensor::in_storage(storage, layout.targets, {rows_}, DType::f32);
  }
  if (has_weights_) {
    batch.sample_weights = Tensor::in_storage(storage, layout.sample_weights, {rows_}, DType::f32);
  }
  if constexpr (kBuiltWithCuda) {
    const Tensor indices = buffer.tensor({rows_}, DType::i64, staged.indices);
    const auto staged_values = [&](bool present, std::size_t offset) {
      return present ? buffer.tensor({rows_}, DType::f32, offset) : Tensor();
    };
    const Tensor labels = staged_values(has_labels_, staged.labels);
    const Tensor weights = staged_values(has_weights_, staged.weights);
    gather_batch(context_, {.from_numbers = from_.numbers.view(),
                            .from_codes = from_.codes.view(),
                            .first_rows = first_rows_.view(),
                            .indices = indices.view(),
                            .labels = labels.view(),
                            .weights = weights.view(),
                            .numbers = batch.inputs.numbers.view(),
                            .token_rows = batch.inputs.token_rows.view(),
                            .targets = batch.targets.view(),
                            .sample_weights = batch.sample_weights.view()});
  }
  return batch;
}

}  // namespace ebb::churn
