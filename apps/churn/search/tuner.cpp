#include "apps/churn/search/tuner.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "apps/churn/search/search_space_file.h"
#include "apps/churn/training/side_by_side.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kFewestFailures = 5;

std::optional<Assignment> first_assignment(const RunConfig& base, const SearchSpace& space,
                                           SearchMethod method) {
  if (method == SearchMethod::grid) return std::nullopt;
  return assignment_of(base, space);
}

}  // namespace

Tuner::Tuner(const LabelledCustomers& customers, const RunConfig& base, const SearchSpace& space,
             TuneOptions options, std::vector<Trial> trials)
    : base_(base),
      space_(space),
      options_(std::move(options)),
      runner_(customers, base, options_.metric, options_.folds),
      sampler_(make_sampler(options_.method, space,
                            {.seed = options_.seed,
                             .fits =
                                 [this](const Assignment& assignment) {
                                   return configure_if_valid(base_, space_, assignment).has_value();
                                 }})),
      first_(first_assignment(base, space, options_.method)),
      trials_(std::move(trials)) {}

bool Tuner::is_done(std::size_t number) const {
  return std::any_of(trials_.begin(), trials_.end(),
                     [&](const Trial& trial) { return trial.number == number; });
}

// By number, as the order in which trials end is chance. A failed trial counts as the worst one.
std::vector<Observation> Tuner::observations_before(std::size_t number) const {
  std::vector<const Trial*> ordered;
  double worst = -std::numeric_limits<double>::infinity();
  for (const Trial& trial : trials_) {
    if (trial.number >= number) continue;
    ordered.push_back(&trial);
    if (trial.outcome != TrialOutcome::failed) {
      worst = std::max(worst, options_.metric.loss_of(trial.value));
    }
  }
  std::vector<Observation> observations;
  if (!std::isfinite(worst)) return observations;
  std::sort(ordered.begin(), ordered.end(),
            [](const Trial* a, const Trial* b) { return a->number < b->number; });
  for (const Trial* trial : ordered) {
    const bool has_failed = trial->outcome == TrialOutcome::failed;
    observations.push_back(
        {trial->assignment, has_failed ? worst : options_.metric.loss_of(trial->value)});
  }
  return observations;
}

std::optional<Assignment> Tuner::propose(std::size_t number, std::span<const Observation> known,
                                         std::span<const Assignment> pending) const {
  if (!first_) return sampler_->propose(number, known, pending);
  return number == 0 ? first_ : sampler_->propose(number - 1, known, pending);
}

std::vector<Tuner::Proposal> Tuner::propose_round(std::size_t first, std::size_t count,
                                                  bool& is_last) const {
  const std::vector<Observation> known = observations_before(first);
  std::vector<Assignment> pending;
  std::vector<Proposal> open;
  for (std::size_t number = first; number < first + count; ++number) {
    std::optional<Assignment> assignment = propose(number, known, pending);
    if (!assignment) {
      is_last = true;
      break;
    }
    pending.push_back(*assignment);
    if (!is_done(number)) open.push_back({number, std::move(*assignment)});
  }
  return open;
}

void Tuner::run_round(std::size_t first, std::span<const Proposal> round,
                      const std::function<bool()>& go_on,
                      const std::function<void(const Trial&)>& on_trial) {
  std::vector<LossCurve> earlier;
  for (const Trial& trial : trials_) {
    if (trial.number < first) earlier.push_back(trial.curve);
  }
  const std::vector<std::int64_t> rungs = halving_rungs(base_.training.epochs);
  const auto promises = [&](const LossCurve& curve) {
    return !options_.early_stop || is_promising(curve, earlier, rungs);
  };
  const int threads = threads_of_each(base_.runtime.threads, options_.jobs);
  std::mutex one_at_a_time;
  run_side_by_side(round.size(), options_.jobs, threads, go_on,
                   [&](std::size_t i, const std::function<bool()>& may_go_on) {
                     RunConfig config = configure(base_, space_, round[i].assignment);
                     config.runtime.threads = threads;
                     std::optional<Trial> trial = runner_.run(config, may_go_on, promises);
                     if (!trial) return;
                     trial->number = round[i].number;
                     trial->assignment = round[i].assignment;
                     const std::lock_guard lock(one_at_a_time);
                     trials_.push_back(std::move(*trial));
                     on_trial(trials_.back());
                   });
}

void Tuner::refuse_failures() const {
  const bool all_failed = std::all_of(trials_.begin(), trials_.end(), [](const Trial& trial) {
    return trial.outcome == TrialOutcome::failed;
  });
  if (trials_.size() < kFewestFailures || !all_failed) return;
  fail<DataError>("all of the first {} trials failed; the last one: {}", trials_.size(),
                  trials_.back().problem);
}

SearchEnd Tuner::run(const std::function<bool()>& go_on,
                     const std::function<void(const Trial&)>& on_trial) {
  const auto jobs = static_cast<std::size_t>(options_.jobs);
  const std::size_t end =
      options_.trials > 0 ? options_.trials : std::numeric_limits<std::size_t>::max();
  bool is_last = false;
  for (std::size_t first = 0; first < end && !is_last; first += jobs) {
    if (!go_on()) return SearchEnd::interrupted;
    const std::size_t count = std::min(jobs, end - first);
    bool is_whole = true;
    for (std::size_t i = 0; i < count; ++i) is_whole = is_whole && is_done(first + i);
    if (is_whole) continue;
    const std::vector<Proposal> round = propose_round(first, count, is_last);
    run_round(first, round, go_on, on_trial);
    if (!go_on() && trials_.size() < first + count) return SearchEnd::interrupted;
    refuse_failures();
  }
  return is_last ? SearchEnd::all_tried : SearchEnd::trials_done;
}

}  // namespace ebb::churn
