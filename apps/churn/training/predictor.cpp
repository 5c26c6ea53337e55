#include "apps/churn/training/predictor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
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
        dim(static_cast<std::size_t>(config.dim)),
        network(schema, config, 0, DType::f32, device),
        lanes(device, runtime.threads, nullptr, precision),
        batches(schema, device),
        downloads{StagingBuffer(device), StagingBuffer(device)} {}

  /// What `output` makes of a batch, f32 [rows, width], for all rows.
  using Output = std::function<Tensor(const Pass&, const Batch&)>;
  std::vector<float> run(const preprocessing::EncodedRows& rows, std::size_t width,
                         const Output& output);
  void run_on_cpu(const preprocessing::EncodedRows& rows, std::size_t width, const Output& output,
                  float* results);
  void run_on_gpu(const preprocessing::EncodedRows& rows, std::size_t width, const Output& output,
                  float* results);

  InputSchema schema;
  Device device;
  std::size_t dim;
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

/// The results of a shard, [range.count, width], to their place among all.
void copy_results(const float* shard, RowRange range, std::size_t width, float* results) {
  std::copy_n(shard, static_cast<std::size_t>(range.count) * width,
              results + static_cast<std::size_t>(range.begin) * width);
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
  return state_->run(rows, 1, [this](const Pass& pass, const Batch& batch) {
    return state_->network.model.forward(pass, batch);
  });
}

std::vector<float> Predictor::embeddings(const preprocessing::EncodedRows& rows) {
  return state_->run(rows, state_->dim, [this](const Pass& pass, const Batch& batch) {
    const FTTransformer& model = state_->network.model;
    return model.class_tokens(pass, model.embed(pass, batch));
  });
}

std::vector<float> Predictor::State::run(const preprocessing::EncodedRows& rows, std::size_t width,
                                         const Output& output) {
  std::vector<float> results(rows.rows * width);
  if (rows.rows == 0) return results;
  if (device.is_cuda()) {
    run_on_gpu(rows, width, output, results.data());
  } else {
    run_on_cpu(rows, width, output, results.data());
  }
  return results;
}

void Predictor::State::run_on_cpu(const preprocessing::EncodedRows& rows, std::size_t width,
                                  const Output& output, float* results) {
  const ShardPlan plan =
      Lanes::plan(static_cast<std::int64_t>(rows.rows), rows_per_shard(schema.tokens()));
  lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange range) {
    const Tensor result = output(pass, make_batch(schema, rows, indices_of(range)));
    copy_results(result.data<float>(), range, width, results);
  });
}

// While the device works on a shard, the next one travels to it, and the results of the one before
// travel back.
void Predictor::State::run_on_gpu(const preprocessing::EncodedRows& rows, std::size_t width,
                                  const Output& output, float* results) {
  const ShardPlan plan =
      Lanes::plan(static_cast<std::int64_t>(rows.rows), rows_per_shard(schema.tokens()), device);
  const auto prepare = [&](std::int64_t shard) {
    if (shard < plan.shards()) batches.prepare(rows, {}, indices_of(plan.shard(shard)));
  };
  std::int64_t shard = 0;
  const auto finish = [&](std::int64_t done) {
    const std::byte* result = downloads[static_cast<std::size_t>(done % 2)].downloaded();
    copy_results(reinterpret_cast<const float*>(result), plan.shard(done), width, results);
  };
  prepare(0);
  lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange) {
    const LabelledBatch batch = batches.take();
    prepare(shard + 1);
    const Tensor result = output(pass, batch.inputs);
    downloads[static_cast<std::size_t>(shard % 2)].download(result);
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
