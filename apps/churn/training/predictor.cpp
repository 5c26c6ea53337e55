#include "apps/churn/training/predictor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/training/batch_uploader.h"
#include "apps/churn/training/weights.h"
#include "engine/training/lanes.h"

namespace ebb::churn {

struct Predictor::State {
  State(const InputSchema& input_schema, const ModelConfig& config, const RuntimeConfig& runtime,
        Precision precision)
      : schema(input_schema),
        device(choose_device(runtime.device)),
        network(schema, config, 0, DType::f32, device),
        lanes(device, runtime.threads, nullptr, precision),
        batches(schema, device),
        downloads{StagingBuffer(device), StagingBuffer(device)} {}

  void predict_on_cpu(const preprocessing::EncodedRows& rows, float* logits);
  void predict_on_gpu(const preprocessing::EncodedRows& rows, float* logits);

  InputSchema schema;
  Device device;
  Network network;
  Lanes lanes;
  BatchUploader batches;                   // of a GPU
  std::array<StagingBuffer, 2> downloads;  // likewise
};

namespace {

std::vector<std::size_t> indices_of(RowRange range) {
  std::vector<std::size_t> indices(static_cast<std::size_t>(range.count));
  std::iota(indices.begin(), indices.end(), static_cast<std::size_t>(range.begin));
  return indices;
}

}  // namespace

Predictor::Predictor(const InputSchema& schema, const ModelConfig& config,
                     const std::map<std::string, Tensor>& weights, const RuntimeConfig& runtime,
                     Precision precision)
    : state_(std::make_unique<State>(schema, config, runtime, precision)) {
  assign_weights(state_->network.parameters, weights);
}

Predictor::~Predictor() = default;

void Predictor::set_weights(const Tensor& flat) {
  const Tensor& own = state_->network.parameters.buffer();
  require_same_form("weights", flat, own);
  copy_values(flat, own);
}

std::vector<float> Predictor::probabilities(const preprocessing::EncodedRows& rows) {
  std::vector<float> scores = logits(rows);
  std::ranges::transform(scores, scores.begin(), probability_of);
  return scores;
}

std::vector<float> Predictor::logits(const preprocessing::EncodedRows& rows) {
  std::vector<float> logits(rows.rows);
  if (rows.rows == 0) return logits;
  if (state_->device.is_cuda()) {
    state_->predict_on_gpu(rows, logits.data());
  } else {
    state_->predict_on_cpu(rows, logits.data());
  }
  return logits;
}

void Predictor::State::predict_on_cpu(const preprocessing::EncodedRows& rows, float* logits) {
  const ShardPlan plan =
      Lanes::plan(static_cast<std::int64_t>(rows.rows), rows_per_shard(schema.tokens()));
  lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange range) {
    const Batch batch = make_batch(schema, rows, indices_of(range));
    const Tensor output = network.model.forward(pass, batch);
    std::copy_n(output.data<float>(), range.count, logits + range.begin);
  });
}

// While the device works on a shard, the next one travels to it, and the logits of the one before
// travel back.
void Predictor::State::predict_on_gpu(const preprocessing::EncodedRows& rows, float* logits) {
  const ShardPlan plan =
      Lanes::plan(static_cast<std::int64_t>(rows.rows), rows_per_shard(schema.tokens()), device);
  const auto prepare = [&](std::int64_t shard) {
    if (shard < plan.shards()) batches.prepare(rows, {}, indices_of(plan.shard(shard)));
  };
  std::int64_t shard = 0;
  const auto finish = [&](std::int64_t done) {
    const std::byte* output = downloads[static_cast<std::size_t>(done % 2)].downloaded();
    const RowRange range = plan.shard(done);
    std::copy_n(reinterpret_cast<const float*>(output), range.count, logits + range.begin);
  };
  prepare(0);
  lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange) {
    const LabelledBatch batch = batches.take();
    prepare(shard + 1);
    const Tensor output = network.model.forward(pass, batch.inputs);
    downloads[static_cast<std::size_t>(shard % 2)].download(output);
    if (shard > 0) finish(shard - 1);
    ++shard;
  });
  finish(plan.shards() - 1);
}

float probability_of(float logit) {
  // The exponent is never positive, so nothing overflows.
  const double e = std::exp(-std::fabs(static_cast<double>(logit)));
  return static_cast<float>(logit >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e));
}

}  // namespace ebb::churn
