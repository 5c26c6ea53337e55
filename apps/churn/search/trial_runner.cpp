#include "apps/churn/search/trial_runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <mutex>
#include <utility>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/device_choice.h"
#include "apps/churn/reporting/training_report.h"
#include "apps/churn/training/fit_model.h"
#include "apps/churn/validation/cross_validation.h"
#include "apps/churn/validation/fold_plan.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kMostPreparedTables = 4;

/// What the prepared rows depend on, as text.
std::string preparation_of(RunConfig config) {
  const std::int64_t bins = config.model.bins;
  const std::uint64_t seed = config.training.seed;
  config.model = {};
  config.model.bins = bins;
  config.training = {};
  config.training.seed = seed;
  config.decision = {};
  return to_toml(without_location(config), TomlComments::none);
}

double observed_loss(const EpochRecord& record, const TrainingConfig& training) {
  return training.selection == SelectionMetric::log_loss ? record.validation_loss
                                                         : -record.validation_auc;
}

LossCurve curve_of(std::span<const EpochRecord> history, const TrainingConfig& training) {
  LossCurve curve;
  for (const EpochRecord& record : history) {
    const double loss = observed_loss(record, training);
    curve.push_back(curve.empty() ? loss : std::min(curve.back(), loss));
  }
  return curve;
}

LabelledCustomers without_test_rows(const LabelledCustomers& customers,
                                    const preprocessing::Split& split) {
  std::vector<std::size_t> rows = split.train;
  rows.insert(rows.end(), split.validation.begin(), split.validation.end());
  std::sort(rows.begin(), rows.end());
  LabelledCustomers known = customers;
  known.table.keep_rows(rows);
  known.labels.values.clear();
  for (const std::size_t row : rows) known.labels.values.push_back(customers.labels.values[row]);
  return known;
}

}  // namespace

struct TrialRunner::State {
  using Prepared = std::shared_ptr<const PreparedData>;

  Prepared prepared(const RunConfig& config);
  void run_on_split(const RunConfig& config, const std::function<bool()>& go_on,
                    const std::function<bool(const LossCurve&)>& is_promising,
                    std::optional<Trial>& trial);
  void run_on_folds(const RunConfig& config, const std::function<bool()>& go_on,
                    std::optional<Trial>& trial) const;

  const LabelledCustomers& customers;
  SearchMetric metric;
  CustomerSplit split;           // without test rows
  LabelledCustomers known;       // without test rows; none without folds
  std::vector<FoldRows> rounds;  // none without folds
  std::mutex one_at_a_time;
  std::deque<std::pair<std::string, Prepared>> kept;  // the latest last
};

TrialRunner::TrialRunner(const LabelledCustomers& customers, const RunConfig& base,
                         SearchMetric metric, std::uint32_t folds)
    : state_(new State{customers, std::move(metric)}) {
  std::vector<std::string> notes;
  state_->split = split_or_explain(customers, base, notes);
  state_->split.rows.test.clear();
  if (folds == 0) return;
  state_->known = without_test_rows(customers, state_->split.rows);
  state_->rounds = plan_folds(state_->known, base, {natural_fold_kind(base.split), folds, 1});
}

TrialRunner::~TrialRunner() = default;

// While one thread prepares, others wait: they mostly want the same rows.
TrialRunner::State::Prepared TrialRunner::State::prepared(const RunConfig& config) {
  const std::string wanted = preparation_of(config);
  const std::lock_guard lock(one_at_a_time);
  for (const auto& [preparation, data] : kept) {
    if (preparation == wanted) return data;
  }
  kept.emplace_back(wanted, std::make_shared<const PreparedData>(prepare_split(
                                customers, split, config, choose_device(config.runtime.device))));
  if (kept.size() > kMostPreparedTables) kept.pop_front();
  return kept.back().second;
}

void TrialRunner::State::run_on_split(const RunConfig& config, const std::function<bool()>& go_on,
                                      const std::function<bool(const LossCurve&)>& is_promising,
                                      std::optional<Trial>& trial) {
  const Prepared data = prepared(config);
  bool was_stopped = false;
  const auto after_epoch = [&](std::span<const EpochRecord> history) {
    was_stopped = !is_promising(curve_of(history, config.training));
    return !was_stopped;
  };
  const std::optional<FittedModel> model = fit_model(config, *data, go_on, after_epoch);
  if (!model) return trial.reset();
  trial->curve = curve_of(model->history, config.training);
  const bool is_done =
      !was_stopped || static_cast<std::int64_t>(model->history.size()) == config.training.epochs;
  trial->outcome = is_done ? TrialOutcome::finished : TrialOutcome::stopped;
  // Calibrated probabilities would be measured on the rows that calibrated them.
  DecisionConfig decision = config.decision;
  decision.calibration = CalibrationMethod::none;
  const double threshold = decide(model->scores.validation, *data, decision).threshold.threshold;
  trial->value = metric.of(compute_metrics(
      {.scores = model->scores.validation, .labels = data->validation.labels}, threshold));
}

void TrialRunner::State::run_on_folds(const RunConfig& config, const std::function<bool()>& go_on,
                                      std::optional<Trial>& trial) const {
  for (const FoldRows& round : rounds) {
    const std::optional<FoldResult> result = run_fold(known, round, config, go_on);
    if (!result) return trial.reset();
    trial->value +=
        metric.of(measure(result->network, *result, known)) / static_cast<double>(rounds.size());
  }
}

std::optional<Trial> TrialRunner::run(
    const RunConfig& config, const std::function<bool()>& go_on,
    const std::function<bool(const LossCurve&)>& is_promising) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  std::optional<Trial> trial(std::in_place);
  try {
    if (state_->rounds.empty()) {
      state_->run_on_split(config, go_on, is_promising, trial);
    } else {
      state_->run_on_folds(config, go_on, trial);
    }
    if (trial && !std::isfinite(trial->value)) {
      fail<DataError>("{} is undefined on the validation rows", state_->metric.name);
    }
  } catch (const DataError& error) {
    trial = Trial{.outcome = TrialOutcome::failed, .problem = error.what()};
  }
  if (trial) trial->seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return trial;
}

}  // namespace ebb::churn
