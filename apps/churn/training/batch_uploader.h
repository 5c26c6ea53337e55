// Batches of a table's rows on the device that works on them.
#pragma once

#include <array>
#include <span>

#include "apps/churn/model/input_schema.h"
#include "engine/tensor/staging_buffer.h"
#include "kernels/common/context.h"

namespace ebb::churn {

struct LabelledBatch {
  Batch inputs;
  Tensor targets;         // f32 [rows]; undefined without labels
  Tensor sample_weights;  // f32 [rows]; undefined without weights
};

/// What goes with each row of a table into its batch; empty: nothing.
struct RowTargets {
  std::span<const float> labels;
  std::span<const float> weights;  // none without labels
};

/// Gathers rows on the host and brings them to the device, one batch ahead: what prepare() is given
/// travels while the device works on the batch before. Rows that are on the device already are
/// gathered there: only their indices and labels travel. Two batches exist at a time, in turn.
///
///     batches.prepare(first rows);
///     for (...) {
///       const LabelledBatch batch = batches.take();
///       batches.prepare(next rows);  // before the device is given its work on `batch`
///       ...
///     }
class BatchUploader {
 public:
  BatchUploader(const InputSchema& schema, Device device);

  /// The rows `indices`, with their targets. Throws Error on rows of another GPU.
  void prepare(const preprocessing::EncodedRows& rows, const RowTargets& targets,
               std::span<const std::size_t> indices);
  /// The batch that was prepared last, for work given until the prepare() after the next.
  LabelledBatch take();

 private:
  /// What the device gathers from: of the batch that was prepared last.
  struct DeviceRows {
    Tensor numbers;  // undefined: the host has gathered
    Tensor codes;
  };

  void prepare_on_host(const preprocessing::EncodedRows& rows, const RowTargets& targets,
                       std::span<const std::size_t> indices);
  void prepare_indices(const RowTargets& targets, std::span<const std::size_t> indices);
  LabelledBatch gather_on_device();

  InputSchema schema_;
  Context context_;
  std::array<StagingBuffer, 2> buffers_;
  std::size_t current_ = 0;  // prepared last
  std::int64_t rows_ = 0;    // of that batch
  bool has_labels_ = false;
  bool has_weights_ = false;
  DeviceRows from_;
  Tensor first_rows_;                // of GatherBatch; made when first needed
  std::array<Storage, 2> gathered_;  // batches that the device has gathered
};

}  // namespace ebb::churn
