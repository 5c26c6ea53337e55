#include "apps/ebb/step_benchmark.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/churn/model/ft_transformer.h"
#include "engine/modules/linear.h"
#include "engine/modules/transformer_encoder.h"
#include "engine/operations/losses.h"
#include "engine/operations/views.h"
#include "engine/optim/optimizer.h"
#include "engine/training/gradient_step.h"
#include "kernels/common/instruction_set.h"
#include "kernels/peak/peak.h"
#include "preprocessing/split/random_order.h"

namespace ebb::program {
namespace {

using Clock = std::chrono::steady_clock;

TransformerOptions encoder_options(const StepShape& shape) {
  return {.dim = shape.dim,
          .heads = shape.heads,
          .feed_forward = shape.feed_forward,
          .activation = Activation::gelu,
          .attention_dropout = shape.dropout,
          .activation_dropout = shape.dropout,
          .residual_dropout = shape.dropout,
          .pre_norm = true};
}

/// Uniform in [-1, 1): a kernel's time does not depend on the values.
Tensor random_inputs(const StepShape& shape) {
  Tensor inputs = Tensor::empty({shape.batch, shape.tokens, shape.dim});
  preprocessing::SplitMix64 generator(1, 0);
  for (float& value : inputs.values<float>()) {
    value = static_cast<float>(generator.next() >> 40) * 0x1p-23F - 1.0F;
  }
  return inputs;
}

Tensor alternating_targets(std::int64_t rows) {
  Tensor targets = Tensor::empty({rows});
  for (std::int64_t row = 0; row < rows; ++row) {
    targets.data<float>()[row] = static_cast<float>(row % 2);
  }
  return targets;
}

/// The rows that a lane of a training run takes at a time, for as many tokens.
std::int64_t rows_per_shard(const StepShape& shape) {
  churn::InputSchema schema;
  schema.cardinalities.resize(static_cast<std::size_t>(shape.tokens - 1));
  return churn::rows_per_shard(schema);
}

class TrainingStep {
 public:
  TrainingStep(const StepShape& shape, int threads)
      : shape_(shape),
        encoder_(Scope(parameters_, "encoder"), shape.layers, encoder_options(shape)),
        head_(Scope(parameters_, "head"), shape.dim, 1),
        inputs_(random_inputs(shape)),
        targets_(alternating_targets(shape.batch)),
        plan_(Lanes::plan(shape.batch, rows_per_shard(shape))) {
    parameters_.initialize(0);
    optimizer_ = std::make_unique<AdamW>(parameters_, AdamWOptions{});
    step_ = std::make_unique<GradientStep>(parameters_, Device{}, threads, shape.precision);
  }

  void run() {
    const PassSettings settings{
        .training = true, .seed = 0, .step = static_cast<std::uint32_t>(optimizer_->steps())};
    step_->run(plan_, settings,
               [&](const Pass& pass, RowRange range) { return loss(pass, range); });
    optimizer_->step(step_->team(), step_->gradients(), {.learning_rate = 1e-3});
  }

  std::int64_t parameter_count() const { return parameters_.elements(); }

 private:
  Tensor loss(const Pass& pass, RowRange range) const {
    const Tensor rows = inputs_.slice(0, range.begin, range.count);
    const Tensor encoded = encoder_.forward(pass, rows);
    const Tensor first = contiguous(pass, slice(pass, encoded, 1, 0, 1));
    const Tensor logits = head_.forward(pass, reshape(pass, first, {range.count, shape_.dim}));
    BinaryCrossEntropyOptions options;
    options.normalizer = static_cast<double>(shape_.batch);
    return binary_cross_entropy(pass, logits, targets_.slice(0, range.begin, range.count), options);
  }

  StepShape shape_;
  ParameterSet parameters_;
  TransformerEncoder encoder_;
  Linear head_;
  Tensor inputs_;
  Tensor targets_;
  ShardPlan plan_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<GradientStep> step_;
};

double seconds_of(TrainingStep& step) {
  const Clock::time_point begin = Clock::now();
  step.run();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

double step_flops(const StepShape& shape) {
  const auto dim = static_cast<double>(shape.dim);
  const auto tokens = static_cast<double>(shape.tokens);
  const auto rows_and_layers = static_cast<double>(shape.batch * shape.layers);
  const double weights = 4 * dim * dim + 2 * dim * static_cast<double>(shape.feed_forward);
  return rows_and_layers * (6 * tokens * weights + 12 * tokens * tokens * dim);
}

StepTiming time_training_step(const StepShape& shape, int threads) {
  constexpr std::chrono::seconds kTime{2};
  constexpr int kWarmUp = 3;
  constexpr std::size_t kLeastRepeats = 5;
  TrainingStep step(shape, threads);
  const Context context({}, threads);
  StepTiming timing;
  timing.peak_gflops = kernels::measure_peak_gflops(context);
  for (int i = 0; i < kWarmUp; ++i) step.run();

  std::vector<double> seconds;
  const Clock::time_point start = Clock::now();
  while (Clock::now() - start < kTime || seconds.size() < kLeastRepeats) {
    seconds.push_back(seconds_of(step));
  }
  std::sort(seconds.begin(), seconds.end());
  timing.median_s = seconds[seconds.size() / 2];
  timing.fastest_s = seconds.front();
  timing.slowest_s = seconds.back();
  timing.repeats = static_cast<std::int64_t>(seconds.size());
  timing.gflops = step_flops(shape) / timing.median_s * 1e-9;
  timing.rows_per_s = static_cast<double>(shape.batch) / timing.median_s;
  timing.parameters = step.parameter_count();
  timing.threads = context.threads();
  timing.instruction_set = name_of(active_instruction_set());
  return timing;
}

nlohmann::ordered_json to_json(const StepShape& shape, const StepTiming& timing) {
  return {{"median_s", timing.median_s},
          {"fastest_s", timing.fastest_s},
          {"slowest_s", timing.slowest_s},
          {"repeats", timing.repeats},
          {"gflops", timing.gflops},
          {"peak_gflops", timing.peak_gflops},
          {"share_of_peak", timing.share_of_peak()},
          {"rows_per_s", timing.rows_per_s},
          {"flops_per_step", step_flops(shape)},
          {"parameters", timing.parameters},
          {"threads", timing.threads},
          {"instruction_set", timing.instruction_set},
          {"dim", shape.dim},
          {"layers", shape.layers},
          {"heads", shape.heads},
          {"feed_forward", shape.feed_forward},
          {"tokens", shape.tokens},
          {"batch", shape.batch},
          {"dropout", shape.dropout},
          {"precision", name_of(shape.precision)}};
}

}  // namespace ebb::program
