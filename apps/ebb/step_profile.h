// Where the time of a training step goes, operation by operation, and how far each is from what the
// machine could do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "kernels/common/profile.h"

namespace ebb::program {

/// What limits an operation, at its best.
struct Floor {
  double rate = 0.0;               // FLOP/s or bytes per second, of all threads
  double copied_per_thread = 0.0;  // bytes; 0 where the multiply-add peak is the floor
};

/// One operation; times are means per step.
struct ProfileLine {
  std::string operation;  // with the shape that tells it apart
  double calls = 0.0;
  double seconds = 0.0;  // summed over threads
  double flops = 0.0;
  double bytes = 0.0;
  std::optional<Floor> floor;  // none for time outside operations

  /// FLOP/s or bytes per second, as if all `threads` were at it.
  double rate(int threads) const { return (flops > 0.0 ? flops : bytes) / seconds * threads; }
};

/// The lines add up to `threads` times `step_s`.
struct StepProfile {
  double step_s = 0.0;  // mean of the profiled steps
  std::int64_t steps = 0;
  int threads = 0;
  std::vector<ProfileLine> lines;  // slowest operation first, time outside operations last
};

/// One profiled step: its time on the clock, and what its threads did meanwhile.
struct ProfiledStep {
  double seconds = 0.0;
  Profile profile;
};

/// The means over the faster half of the steps, which other processes disturbed least. The floor of
/// operations that count flops is `peak_gflops`; that of the others is the bandwidth of a copy of
/// as many bytes as a call moves, measured here on all threads of `context`.
StepProfile summarize(std::vector<ProfiledStep> steps, const Context& context, double peak_gflops);

/// A table for people, with a line end.
std::string to_text(const StepProfile& profile);
nlohmann::ordered_json to_json(const StepProfile& profile);

}  // namespace ebb::program
