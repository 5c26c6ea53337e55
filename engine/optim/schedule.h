// Learning-rate schedules: functions of the step number, and one that watches a loss.
#pragma once

#include <cstdint>

namespace ebb {

enum class Schedule {
  constant,   // the peak throughout
  cosine,     // from the peak to 0 along half a cosine (Loshchilov, Hutter, "SGDR", 2017)
  one_cycle,  // half a cosine up from a 25th of the peak over the first 30 %, then half a cosine
              // down to a 10^-4th of that (Smith, Topin, "Super-convergence", 2018)
};

struct ScheduleOptions {
  Schedule kind = Schedule::cosine;
  double peak = 1e-3;             // the largest learning rate
  std::int64_t warmup_steps = 0;  // a linear rise from peak / warmup_steps before the schedule
                                  // starts; one_cycle has its own and ignores it
  std::int64_t total_steps = 1;   // warm-up included
};

/// The learning rate of step `step`, counted from 0. Beyond total_steps it stays at its last value.
/// Throws Error on negative step numbers.
double scheduled_rate(const ScheduleOptions& options, std::int64_t step);

/// Lowers a factor when a loss stops falling.
class ReduceOnPlateau {
 public:
  /// After `patience` observations in a row without a new lowest loss, the factor is multiplied by
  /// `reduction`.
  explicit ReduceOnPlateau(std::int64_t patience = 3, double reduction = 0.3)
      : patience_(patience), reduction_(reduction) {}

  void observe(double loss);
  /// What the learning rate is to be multiplied by.
  double factor() const { return state_.factor; }

  /// Everything that a resumed run needs.
  struct State {
    double factor = 1.0;
    double lowest = 0.0;
    std::int64_t observations = 0;
    std::int64_t without_progress = 0;
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  std::int64_t patience_;
  double reduction_;
  State state_;
};

}  // namespace ebb
