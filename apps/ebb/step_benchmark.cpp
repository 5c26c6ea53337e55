#include "apps/ebb/step_benchmark.h"

#include <chrono>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/model/ft_transformer.h"
#include "engine/modules/linear.h"
#include "engine/modules/transformer_encoder.h"
#include "engine/operations/losses.h"
#include "engine/operations/views.h"
#include "engine/optim/optimizer.h"
#include "engine/training/gradient_step.h"

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

Tensor alternating_targets(std::int64_t rows, Device device) {
  Tensor targets = Tensor::empty({rows});
  for (std::int64_t row = 0; row < rows; ++row) {
    targets.data<float>()[row] = static_cast<float>(row % 2);
  }
  return targets.to(device);
}

class TrainingStep {
 public:
  TrainingStep(const StepShape& shape, const Effort& effort)
      : shape_(shape),
        parameters_(DType::f32, effort.device),
        encoder_(Scope(parameters_, "encoder"), shape.layers, encoder_options(shape)),
        head_(Scope(parameters_, "head"), shape.dim, 1),
        inputs_(random_tensor({shape.batch, shape.tokens, shape.dim}, 1, effort.device)),
        targets_(alternating_targets(shape.batch, effort.device)),
        plan_(Lanes::plan(shape.batch, churn::rows_per_shard(shape.tokens), effort.device)) {
    parameters_.initialize(0);
    optimizer_ = std::make_unique<AdamW>(parameters_, AdamWOptions{});
    step_ =
        std::make_unique<GradientStep>(parameters_, effort.device, effort.threads, shape.precision);
  }

  /// As training on a GPU does it: the loss is asked for when the device has been given all else.
  void run() {
    const PassSettings settings{
        .training = true, .seed = 0, .step = static_cast<std::uint32_t>(optimizer_->steps())};
    step_->find(plan_, settings,
                [&](const Pass& pass, RowRange range) { return loss(pass, range); });
    optimizer_->step(step_->team(), step_->gradients(), {.learning_rate = 1e-3});
    step_->result();
  }

  /// As run(), with the times of its operations.
  ProfiledStep profile() {
    step_->set_profiling(true);
    const Clock::time_point begin = Clock::now();
    run();
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    step_->set_profiling(false);
    return {elapsed.count(), step_->take_profile()};
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

std::vector<ProfiledStep> profile_steps(TrainingStep& step, double seconds) {
  const std::chrono::duration<double> time(seconds);
  std::vector<ProfiledStep> steps;
  const Clock::time_point start = Clock::now();
  while (Clock::now() - start < time || steps.size() < kLeastRepeats) {
    steps.push_back(step.profile());
  }
  return steps;
}

}  // namespace

double step_flops(const StepShape& shape) {
  const auto dim = static_cast<double>(shape.dim);
  const auto tokens = static_cast<double>(shape.tokens);
  const auto rows_and_layers = static_cast<double>(shape.batch * shape.layers);
  const double weights = 4 * dim * dim + 2 * dim * static_cast<double>(shape.feed_forward);
  return rows_and_layers * (6 * tokens * weights + 12 * tokens * tokens * dim);
}

StepReport time_training_step(const StepShape& shape, Effort effort, bool with_profile) {
  effort.threads = training_threads(effort.threads);
  TrainingStep step(shape, effort);
  StepReport report;
  report.times = repeat(effort, step_flops(shape), [&] { step.run(); });
  report.parameters = step.parameter_count();
  if (with_profile) {
    const Context context({}, effort.threads);
    report.profile = summarize(profile_steps(step, effort.seconds), context,
                               report.times.processor->peak_gflops);
  }
  return report;
}

void print(const StepShape& shape, const StepReport& report) {
  fmt::print("one training step (forward, backward, AdamW, dropout {}) on random data\n",
             shape.dropout);
  fmt::print("shape            dim {}, layers {}, heads {}, feed-forward {}, tokens {}, batch {}\n",
             shape.dim, shape.layers, shape.heads, shape.feed_forward, shape.tokens, shape.batch);
  fmt::print("parameters       {}\n", report.parameters);
  fmt::print("precision        {}\n", name_of(shape.precision));
  print_times(report.times);
  fmt::print("rows             {:.0f} per second\n", report.rows_per_s(shape));
  print_speed(report.times);
  if (report.profile) fmt::print("\n{}", to_text(*report.profile));
}

nlohmann::ordered_json to_json(const StepShape& shape, const StepReport& report) {
  nlohmann::ordered_json json = to_json(report.times);
  json.update({{"rows_per_s", report.rows_per_s(shape)},
               {"flops_per_step", report.times.flops},
               {"parameters", report.parameters},
               {"dim", shape.dim},
               {"layers", shape.layers},
               {"heads", shape.heads},
               {"feed_forward", shape.feed_forward},
               {"tokens", shape.tokens},
               {"batch", shape.batch},
               {"dropout", shape.dropout},
               {"precision", name_of(shape.precision)}});
  if (report.profile) json["profile"] = to_json(*report.profile);
  return json;
}

}  // namespace ebb::program
