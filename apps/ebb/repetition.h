// What all benchmarks have in common: repeating, the median, and the machine's peak meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/tensor/tensor.h"
#include "kernels/common/context.h"

namespace ebb::program {

/// The multiply-add peak of some threads, for shares of it. A reading can be too low (see
/// kernels/peak/peak.h), never too high, so the largest one counts.
class PeakGauge {
 public:
  /// `threads` as for a Context. Takes the first reading, about 25 ms.
  explicit PeakGauge(int threads) : context_({}, threads) { read(); }

  /// Takes another reading.
  void read();
  /// Takes another one if the last is over two seconds old, so that it costs about a hundredth.
  void refresh();

  double gflops() const { return gflops_; }
  const Context& context() const { return context_; }

 private:
  Context context_;
  double gflops_ = 0.0;
  std::chrono::steady_clock::time_point last_reading_;
};

/// What did the work where that was the CPU.
struct Processor {
  double peak_gflops = 0.0;  // multiply-add peak of the same threads, before and after
  int threads = 0;
  std::string instruction_set;
};

/// The times of one thing done again and again.
struct Repetition {
  double median_s = 0.0;
  double fastest_s = 0.0;
  double slowest_s = 0.0;
  double first_s = 0.0;  // of the very first call, which no other figure counts
  std::int64_t repeats = 0;
  double flops = 0.0;  // nominal operations of one repeat
  Device device;
  std::optional<Processor> processor;

  double gflops() const { return flops / median_s * 1e-9; }
};

/// How to measure.
struct Effort {
  Device device;
  int threads = 0;       // of the CPU; 0: all
  double seconds = 2.0;  // of repeating
};

/// How many of `threads`, as for a Context, work on a training step on the CPU.
int training_threads(int threads);

/// However little time there is.
inline constexpr std::size_t kLeastRepeats = 5;

/// Warms up, then calls `body` for as long as `effort` says, kLeastRepeats times at least, and
/// takes the times of Stopwatch. `flops` are the operations of one call.
Repetition repeat(const Effort& effort, double flops, const std::function<void()>& body);

/// Uniform in [-1, 1): a kernel's time does not depend on the values.
Tensor random_tensor(const Shape& shape, std::uint64_t seed, Device device);

/// "1.234 ms", in a unit that leaves no time at 0.000.
std::string short_duration_text(double seconds);

/// Time, speed and device, on the CPU also share of peak and threads, as lines of a report on
/// standard output.
void print_times(const Repetition& times);
void print_speed(const Repetition& times);
/// The same as the first members of a benchmark's JSON; null where a device has no such figure.
nlohmann::ordered_json to_json(const Repetition& times);

}  // namespace ebb::program
