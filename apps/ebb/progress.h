// What `ebb train` shows while it trains.
#pragma once

#include <chrono>
#include <string>

#include "apps/churn/training/trainer.h"
#include "apps/ebb/repetition.h"

namespace ebb::program {

/// Epochs as lines; on a terminal, also the epoch in progress as a bar that rewrites its line.
class Progress {
 public:
  /// `peak`: of the threads that train, to which the speed is compared; read again now and then.
  /// Null where a GPU trains.
  Progress(std::int64_t epochs, PeakGauge* peak);

  void show_step(const churn::StepReport& step);
  /// Throws IoError if standard output cannot be written.
  void show_epoch(const churn::EpochRecord& epoch);
  /// Removes the bar, so that something else can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::int64_t epochs_;
  PeakGauge* peak_;
  bool is_terminal_;
  Clock::time_point next_update_;
};

/// One line, without its end: the record that history.csv keeps, for people. The speed is shown as
/// it is where peak_gflops is 0.
std::string epoch_line(const churn::EpochRecord& epoch, std::int64_t epochs, double peak_gflops);

}  // namespace ebb::program
