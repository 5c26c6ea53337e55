#include "apps/churn/training/trainer.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/metrics/metrics.h"
#include "apps/churn/training/batch_uploader.h"
#include "apps/churn/training/divergence.h"
#include "apps/churn/training/optimization.h"
#include "apps/churn/training/predictor.h"
#include "apps/churn/training/weights.h"
#include "engine/operations/losses.h"
#include "engine/operations/reduce.h"
#include "engine/optim/early_stopping.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/reduce_on_plateau.h"
#include "engine/training/gradient_step.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {
namespace {

// Streams of SplitMix64 below this belong to splits.
constexpr std::uint64_t kOrderStream = 1000;

// Without both classes the AUC is undefined, no epoch is better than another, and the weights of
// the start would be kept.
void require_selectable(const RunConfig& config, const LabelledRows& validation) {
  if (config.training.selection != SelectionMetric::roc_auc) return;
  const auto& labels = validation.labels;
  const auto leavers = std::count(labels.begin(), labels.end(), 1.0F);
  if (leavers > 0 && leavers < static_cast<std::ptrdiff_t>(labels.size())) return;
  fail<DataError>(
      "the {} validation rows hold {}, so that their ROC-AUC is undefined and training.selection = "
      "\"roc_auc\" cannot choose an epoch: give more rows or a larger validation fraction, or use "
      "\"log_loss\"",
      labels.size(), leavers == 0 ? "no customer who left" : "only customers who left");
}

// What makes the positive rows weigh as much as the negative ones.
double balancing_weight(const LabelledRows& rows) {
  double positive = 0.0;
  double total = 0.0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const double weight = rows.weights.empty() ? 1.0 : static_cast<double>(rows.weights[row]);
    total += weight;
    if (rows.labels[row] == 1.0F) positive += weight;
  }
  return positive > 0.0 && positive < total ? (total - positive) / positive : 1.0;
}

}  // namespace

struct Trainer::State {
  State(const RunConfig& run, const PreparedData& prepared)
      : config(settled(run, prepared)),
        data(prepared),
        schema(schema_of(prepared.pipeline)),
        device(choose_device(run.runtime.device)),
        network(schema, run.model, run.training.seed, DType::f32, device),
        optimizer(make_optimizer(run.training, network.parameters)),
        batches(schema, device),
        step(network.parameters, device, run.runtime.threads, run.training.precision),
        predictor(schema, run.model, named_parts(network.parameters, weights()), run.runtime),
        best(duplicate(weights())),
        stopping(stopping_options(run.training)),
        order(prepared.train.rows()),
        schedule(make_schedule(run.training, run.training.epochs * steps_per_epoch())) {
    if (config.runtime.cuda_graph) step.use_graphs();
    step.detect_anomalies(config.runtime.detect_anomaly);
  }

  const Tensor& weights() const { return network.parameters.buffer(); }
  std::int64_t steps_per_epoch() const {
    return blocks_of(static_cast<std::int64_t>(order.size()), config.training.batch_size);
  }
  std::int64_t epochs_done() const { return static_cast<std::int64_t>(history.size()); }

  double learning_rate() const;
  void shuffle_rows();
  /// The training rows of step `number` of the epoch, from 0; none after the last.
  std::span<const std::size_t> rows_of_step(std::int64_t number) const;
  void prepare(std::span<const std::size_t> rows);
  ShardPlan plan_of(const LabelledBatch& batch) const;
  PassSettings pass_settings() const;
  Tensor loss_of(const LabelledBatch& batch, const Pass& pass, RowRange range) const;
  void find_gradients(const LabelledBatch& batch);
  void find_gradients_and_update(const LabelledBatch& batch, double rate);
  StepResult run_step(std::int64_t number, EpochRecord& record);
  std::map<std::string, Tensor> tensors_on(Device where) const;
  void validate(EpochRecord record);

  std::string first_anomaly(std::span<const std::size_t> rows);
  void require_finite(const StepResult& result, std::span<const std::size_t> rows,
                      const PlaceInTraining& place);

  RunConfig config;
  const PreparedData& data;
  InputSchema schema;
  Device device;
  Network network;
  std::unique_ptr<Optimizer> optimizer;
  BatchUploader batches;
  GradientStep step;
  Predictor predictor;  // with the averaged weights, for validation
  Tensor best;          // flat weights of the best epoch
  EarlyStopping stopping;
  ReduceOnPlateau plateau{{.factor = 0.3, .patience = 2}};  // of the validation loss
  std::vector<std::size_t> order;                           // of training rows in the epoch at hand
  Schedule schedule;
  std::vector<EpochRecord> history;
};

// A function of seed and epoch alone, so that a resumed run finds the same order.
void Trainer::State::shuffle_rows() {
  std::iota(order.begin(), order.end(), std::size_t{0});
  preprocessing::SplitMix64 generator(config.training.seed,
                                      kOrderStream + static_cast<std::uint64_t>(epochs_done()));
  preprocessing::shuffle(std::span(order), generator);
}

double Trainer::State::learning_rate() const {
  const double rate = schedule(optimizer->steps());
  return config.training.schedule == ScheduleKind::reduce_on_plateau ? rate * plateau.scale()
                                                                     : rate;
}

std::span<const std::size_t> Trainer::State::rows_of_step(std::int64_t number) const {
  const auto batch = static_cast<std::size_t>(config.training.batch_size);
  const std::size_t first = std::min(static_cast<std::size_t>(number) * batch, order.size());
  return std::span<const std::size_t>(order).subspan(first, std::min(batch, order.size() - first));
}

void Trainer::State::prepare(std::span<const std::size_t> rows) {
  if (rows.empty()) return;
  batches.prepare(data.train.features, {.labels = data.train.labels, .weights = data.train.weights},
                  rows);
}

ShardPlan Trainer::State::plan_of(const LabelledBatch& batch) const {
  return Lanes::plan(batch.inputs.rows(), rows_per_shard(schema.tokens()), device);
}

PassSettings Trainer::State::pass_settings() const {
  return {.training = true,
          .seed = config.training.seed,
          .step = static_cast<std::uint32_t>(optimizer->steps())};
}

Tensor Trainer::State::loss_of(const LabelledBatch& batch, const Pass& pass, RowRange range) const {
  // Each member of an ensemble has a loss of its own: they learn side by side, not as one.
  const Tensor logits =
      network.model.member_logits(pass, batch.inputs.slice(range.begin, range.count));
  const std::int64_t members = logits.extent(1);
  const auto for_members = [&](const Tensor& of_rows) {
    if (!of_rows.defined()) return of_rows;
    const Tensor part = of_rows.slice(0, range.begin, range.count);
    return members == 1 ? part : repeat(pass, part, 1, members).reshape({range.count * members});
  };
  return binary_cross_entropy(pass, logits, for_members(batch.targets),
                              {.sample_weights = for_members(batch.sample_weights),
                               .positive_weight = config.training.positive_weight,
                               .label_smoothing = config.training.label_smoothing,
                               .focusing = config.training.focal_gamma,
                               .normalizer = static_cast<double>(batch.inputs.rows() * members)});
}

void Trainer::State::find_gradients(const LabelledBatch& batch) {
  step.find(plan_of(batch), pass_settings(),
            [&](const Pass& pass, RowRange range) { return loss_of(batch, pass, range); });
}

// As one CUDA graph for each size of a batch and each of the two places where batches lie.
void Trainer::State::find_gradients_and_update(const LabelledBatch& batch, double rate) {
  const PassSettings settings = pass_settings();
  step.run_as_graph(
      batch.targets.view().data, plan_of(batch), settings, optimizer->begin_step(rate),
      [&](const Pass& pass, RowRange range) { return loss_of(batch, pass, range); },
      [&](const StepScalars* scalars) {
        optimizer->apply(
            step.team(), step.gradients(),
            {.clipping = step.clipping(config.training.gradient_clip), .device_scalars = scalars});
      });
}

// On the CPU the step is done again, with the same random numbers, and every operation is looked
// at. On a GPU the weights have changed already.
std::string Trainer::State::first_anomaly(std::span<const std::size_t> rows) {
  if (step.anomaly() == nullptr && !device.is_cuda()) {
    step.detect_anomalies(true);
    prepare(rows);
    find_gradients(batches.take());
  }
  if (const Anomaly* anomaly = step.anomaly()) return describe(*anomaly);
  const std::string part = non_finite_part(network.parameters, step.gradients().to(Device()));
  if (part.empty()) return "the loss is not finite, though the gradients are";
  return "added up over the rows, the gradient of " + part;
}

void Trainer::State::require_finite(const StepResult& result, std::span<const std::size_t> rows,
                                    const PlaceInTraining& place) {
  const bool is_finite = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (is_finite && step.anomaly() == nullptr) return;
  fail_diverged(place, first_anomaly(rows), result);
}

void Trainer::State::validate(EpochRecord record) {
  require_finite_state(step.team(), network.parameters, *optimizer, record.epoch);
  predictor.set_weights(optimizer->average());
  const std::vector<float> probabilities = predictor.probabilities(data.validation.features);
  const auto is_nan = [](float probability) { return std::isnan(probability); };
  if (std::any_of(probabilities.begin(), probabilities.end(), is_nan)) {
    fail_diverged(record.epoch, "the weights are finite, but scores of validation rows are not");
  }
  const Metrics metrics =
      compute_metrics({.scores = probabilities, .labels = data.validation.labels}, 0.5);
  record.validation_loss = metrics.log_loss;
  record.validation_auc = metrics.roc_auc;
  plateau.observe(metrics.log_loss);
  const bool by_loss = config.training.selection == SelectionMetric::log_loss;
  record.best = stopping.observe(by_loss ? metrics.log_loss : metrics.roc_auc);
  if (record.best) copy_values(optimizer->average(), best);
  history.push_back(record);
}

RunConfig settled(RunConfig config, const PreparedData& data) {
  constexpr std::size_t kStepsPerEpoch = 40;
  if (config.training.batch_size == 0) {
    const std::size_t rows = std::bit_ceil(data.train.rows() / kStepsPerEpoch);
    config.training.batch_size = std::clamp<std::int64_t>(static_cast<std::int64_t>(rows), 16, 128);
  }
  if (config.training.positive_weight == 0.0) {
    config.training.positive_weight = balancing_weight(data.train);
  }
  return config;
}

Trainer::Trainer(const RunConfig& config, const PreparedData& data)
    : state_(std::make_unique<State>(config, data)) {
  require_selectable(config, data.validation);
}

Trainer::~Trainer() = default;

// The processor looks at a step's figures before the weights change. For a GPU that would be to
// wait twice: there all of the step is given to the device first.
StepResult Trainer::State::run_step(std::int64_t number, EpochRecord& record) {
  const std::span<const std::size_t> rows = rows_of_step(number);
  const LabelledBatch batch = batches.take();
  prepare(rows_of_step(number + 1));
  StepResult result;
  const auto look = [&] {
    result = step.result();
    require_finite(result, rows, {number + 1, record.epoch});
  };
  record.learning_rate = learning_rate();
  if (step.uses_graphs()) {
    find_gradients_and_update(batch, record.learning_rate);
    look();
    return result;
  }
  find_gradients(batch);
  if (!device.is_cuda()) look();
  optimizer->step(step.team(), step.gradients(),
                  {.learning_rate = record.learning_rate,
                   .clipping = step.clipping(config.training.gradient_clip)});
  if (device.is_cuda()) look();
  return result;
}

bool Trainer::run_epoch(const std::function<bool(const StepReport&)>& on_step) {
  using Clock = std::chrono::steady_clock;
  State& s = *state_;
  s.shuffle_rows();
  const Clock::time_point start = Clock::now();
  const std::int64_t steps = s.steps_per_epoch();
  EpochRecord record{.epoch = s.epochs_done() + 1};
  s.prepare(s.rows_of_step(0));
  for (std::int64_t step = 0; step < steps; ++step) {
    const StepResult result = s.run_step(step, record);
    record.train_loss += result.loss * static_cast<double>(s.rows_of_step(step).size());
    record.gradient_norm += result.gradient_norm / static_cast<double>(steps);
    const bool go_on = on_step({record.epoch, step + 1, steps, result.loss});
    if (!go_on && step + 1 < steps) return false;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto rows = static_cast<double>(s.order.size());
  record.train_loss /= rows;
  record.rows_per_second = rows / seconds;
  record.gigaflops_per_second = record.rows_per_second * flops_per_row() * 1e-9;
  s.validate(record);
  return true;
}

bool Trainer::finished() const {
  return state_->epochs_done() >= state_->config.training.epochs || state_->stopping.should_stop();
}

const std::vector<EpochRecord>& Trainer::history() const { return state_->history; }

std::map<std::string, Tensor> Trainer::best_weights() const {
  return named_parts(state_->network.parameters, state_->best.to(Device()));
}

std::int64_t Trainer::parameter_count() const { return state_->network.parameters.elements(); }

double Trainer::flops_per_row() const {
  return 3.0 * forward_flops_per_row(state_->schema, state_->config.model);
}

// All tensors of the state, copied where they lie elsewhere.
std::map<std::string, Tensor> Trainer::State::tensors_on(Device where) const {
  std::map<std::string, Tensor> tensors;
  const auto add = [&](const std::string& prefix, const Tensor& flat) {
    tensors.merge(named_parts(network.parameters, flat.to(where), prefix + "/"));
  };
  add("parameter", weights());
  add("best", best);
  for (const auto& [name, flat] : optimizer->state()) add(name, flat);
  return tensors;
}

TrainerState Trainer::state() const {
  const State& s = *state_;
  TrainerState state;
  state.tensors = s.tensors_on(Device());
  state.steps_done = s.optimizer->steps();
  state.progress = s.stopping.state();
  state.plateau = s.plateau.state();
  state.history = s.history;
  return state;
}

void Trainer::restore(const TrainerState& state) {
  State& s = *state_;
  const std::map<std::string, Tensor> own = s.tensors_on(s.device);
  if (own.size() != state.tensors.size()) {
    fail<DataError>("the checkpoint has {} tensors, this run has {}", state.tensors.size(),
                    own.size());
  }
  for (const auto& [name, tensor] : own) {
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end()) fail<DataError>("the checkpoint lacks tensor {}", name);
    require_same_form(name, found->second, tensor);
    copy_values(found->second, tensor);
  }
  s.optimizer->restore(state.steps_done);
  s.stopping.restore(state.progress);
  s.plateau.restore(state.plateau);
  s.history = state.history;
}

}  // namespace ebb::churn
