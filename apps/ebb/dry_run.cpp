#include "apps/ebb/dry_run.h"

#include <chrono>
#include <sys/resource.h>

#include <fmt/format.h>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/training/trainer.h"
#include "apps/ebb/repetition.h"
#include "apps/ebb/training_summary.h"

namespace ebb::program {
namespace {

using Clock = std::chrono::steady_clock;

/// Seconds of one warm step, and the steps of an epoch.
struct StepCost {
  double seconds = 0.0;
  std::int64_t steps_per_epoch = 0;
};

StepCost time_steps(churn::Trainer& trainer) {
  constexpr std::int64_t kWarmUp = 2;
  constexpr std::int64_t kMostSteps = 50;
  constexpr std::chrono::seconds kTime{1};
  StepCost cost;
  Clock::time_point start = Clock::now();
  trainer.run_epoch([&](const churn::StepReport& step) {
    cost.steps_per_epoch = step.steps;
    const std::int64_t timed = step.step - kWarmUp;
    const Clock::duration passed = Clock::now() - start;
    if (timed <= 0) {
      cost.seconds = std::chrono::duration<double>(passed).count();
      start = Clock::now();
      return true;
    }
    cost.seconds = std::chrono::duration<double>(passed).count() / static_cast<double>(timed);
    return timed < kMostSteps && passed < kTime;
  });
  return cost;
}

double peak_megabytes() {
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace

void dry_run(const churn::RunConfig& settings) {
  const churn::PreparedData data =
      churn::prepare_data(settings, churn::choose_device(settings.runtime.device));
  const churn::RunConfig config = churn::settled(settings, data);
  print_data(config, data);
  churn::Trainer trainer(config, data);
  const std::unique_ptr<PeakGauge> peak = peak_of(config);
  const StepCost cost = time_steps(trainer);
  if (peak) peak->read();
  print_network(config, trainer, peak.get());
  if (peak) warn_of_cost(config, data, trainer, peak->gflops());
  fmt::print("\n");
  print_columns(data);

  // A validation row costs the forward third of a training row.
  const double validation =
      static_cast<double>(data.validation.rows()) / (3.0 * static_cast<double>(data.train.rows()));
  const double epoch =
      cost.seconds * static_cast<double>(cost.steps_per_epoch) * (1.0 + validation);
  fmt::print("\nmemory    about {:.0f} MB\n", peak_megabytes());
  fmt::print("time      about {} as busy as the machine is now: {} of {}, {} each\n",
             duration_text(epoch * static_cast<double>(config.training.epochs)),
             churn::format_counted(static_cast<std::size_t>(config.training.epochs), "epoch"),
             churn::format_counted(static_cast<std::size_t>(cost.steps_per_epoch), "step"),
             churn::format_counted(static_cast<std::size_t>(config.training.batch_size), "row"));
  fmt::print("dry run: nothing was written\n");
}

}  // namespace ebb::program
