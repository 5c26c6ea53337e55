#include "apps/ebb/repetition.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kernels/common/instruction_set.h"
#include "kernels/peak/peak.h"
#include "preprocessing/split/random_order.h"

namespace ebb::program {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& body) {
  const Clock::time_point begin = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

void PeakGauge::read() {
  gflops_ = std::max(gflops_, kernels::measure_peak_gflops(context_));
  last_reading_ = Clock::now();
}

void PeakGauge::refresh() {
  if (Clock::now() - last_reading_ > std::chrono::seconds(2)) read();
}

Repetition repeat(const Effort& effort, double flops, const std::function<void()>& body) {
  constexpr int kWarmUp = 3;
  constexpr std::size_t kLeastRepeats = 5;
  const double first = seconds_of(body);
  for (int i = 1; i < kWarmUp; ++i) body();
  PeakGauge peak(effort.threads);
  std::vector<double> seconds;
  const Clock::time_point start = Clock::now();
  const std::chrono::duration<double> time(effort.seconds);
  while (Clock::now() - start < time || seconds.size() < kLeastRepeats) {
    seconds.push_back(seconds_of(body));
  }
  peak.read();
  std::sort(seconds.begin(), seconds.end());
  return {.median_s = seconds[seconds.size() / 2],
          .fastest_s = seconds.front(),
          .slowest_s = seconds.back(),
          .first_s = first,
          .repeats = static_cast<std::int64_t>(seconds.size()),
          .flops = flops,
          .peak_gflops = peak.gflops(),
          .threads = peak.context().threads(),
          .instruction_set = std::string(name_of(active_instruction_set()))};
}

Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Tensor tensor = Tensor::empty(shape);
  preprocessing::SplitMix64 generator(seed, 0);
  for (float& value : tensor.values<float>()) {
    value = static_cast<float>(generator.next() >> 40) * 0x1p-23F - 1.0F;
  }
  return tensor;
}

void print_times(const Repetition& times) {
  fmt::print("median time      {:.3f} ms (fastest {:.3f}, slowest {:.3f}, {} repeats)\n",
             times.median_s * 1e3, times.fastest_s * 1e3, times.slowest_s * 1e3, times.repeats);
  fmt::print("first call       {:.3f} ms, before memory and machine code are there\n",
             times.first_s * 1e3);
}

void print_speed(const Repetition& times) {
  fmt::print("speed            {:.1f} GFLOP/s, {:.1f} % of the peak of {:.1f} GFLOP/s\n",
             times.gflops(), 100.0 * times.share_of_peak(), times.peak_gflops);
  fmt::print("threads          {}, {}\n", times.threads, times.instruction_set);
}

nlohmann::ordered_json to_json(const Repetition& times) {
  return {{"median_s", times.median_s},       {"fastest_s", times.fastest_s},
          {"slowest_s", times.slowest_s},     {"first_s", times.first_s},
          {"repeats", times.repeats},         {"gflops", times.gflops()},
          {"peak_gflops", times.peak_gflops}, {"share_of_peak", times.share_of_peak()},
          {"threads", times.threads},         {"instruction_set", times.instruction_set}};
}

}  // namespace ebb::program
