#include "apps/ebb/repetition.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/ebb/devices.h"
#include "engine/training/lanes.h"
#include "kernels/common/instruction_set.h"
#include "kernels/common/stopwatch.h"
#include "kernels/peak/peak.h"
#include "preprocessing/split/random_order.h"

namespace ebb::program {
namespace {

using Clock = std::chrono::steady_clock;

/// The calls of `body` that count, in seconds, sorted.
std::vector<double> times_of(Stopwatch& stopwatch, double seconds,
                             const std::function<void()>& body) {
  std::vector<double> times;
  const Clock::time_point start = Clock::now();
  const std::chrono::duration<double> enough(seconds);
  while (Clock::now() - start < enough || times.size() < kLeastRepeats) {
    times.push_back(stopwatch.time(body));
  }
  std::sort(times.begin(), times.end());
  return times;
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
  Stopwatch stopwatch(effort.device);
  Repetition result{.flops = flops, .device = effort.device};
  result.first_s = stopwatch.time(body);
  for (int i = 1; i < kWarmUp; ++i) stopwatch.time(body);
  std::optional<PeakGauge> peak;
  if (!effort.device.is_cuda()) peak.emplace(effort.threads);
  const std::vector<double> times = times_of(stopwatch, effort.seconds, body);
  if (peak) {
    peak->read();
    result.processor = {peak->gflops(), peak->context().threads(),
                        std::string(name_of(active_instruction_set()))};
  }
  result.median_s = times[times.size() / 2];
  result.fastest_s = times.front();
  result.slowest_s = times.back();
  result.repeats = static_cast<std::int64_t>(times.size());
  return result;
}

int training_threads(int threads) {
  return std::min(Context({}, threads).threads(), static_cast<int>(Lanes::kMost));
}

Tensor random_tensor(const Shape& shape, std::uint64_t seed, Device device) {
  Tensor tensor = Tensor::empty(shape);
  preprocessing::SplitMix64 generator(seed, 0);
  for (float& value : tensor.values<float>()) {
    value = static_cast<float>(generator.next() >> 40) * 0x1p-23F - 1.0F;
  }
  return tensor.to(device);
}

std::string short_duration_text(double seconds) {
  if (seconds >= 1e-3) return fmt::format("{:.3f} ms", seconds * 1e3);
  if (seconds >= 1e-6) return fmt::format("{:.3f} us", seconds * 1e6);
  return fmt::format("{:.0f} ns", seconds * 1e9);
}

void print_times(const Repetition& times) {
  fmt::print("median time      {} (fastest {}, slowest {}, {} repeats)\n",
             short_duration_text(times.median_s), short_duration_text(times.fastest_s),
             short_duration_text(times.slowest_s), times.repeats);
  fmt::print("first call       {}, which the times above leave out\n",
             short_duration_text(times.first_s));
}

void print_speed(const Repetition& times) {
  if (!times.processor) {
    fmt::print("speed            {:.4g} GFLOP/s\n", times.gflops());
    fmt::print("device           {}\n", describe(times.device));
    if (is_virtual(times.device)) {
      fmt::print("virtual GPU      computed on the CPU: its times and speeds mean nothing\n");
    }
    return;
  }
  const Processor& processor = *times.processor;
  fmt::print("speed            {:.4g} GFLOP/s, {:.3g} % of the peak of {:.1f} GFLOP/s\n",
             times.gflops(), 100.0 * times.gflops() / processor.peak_gflops, processor.peak_gflops);
  fmt::print("threads          {}, {}\n", processor.threads, processor.instruction_set);
}

nlohmann::ordered_json to_json(const Repetition& times) {
  nlohmann::ordered_json json = {{"median_s", times.median_s},
                                 {"fastest_s", times.fastest_s},
                                 {"slowest_s", times.slowest_s},
                                 {"first_s", times.first_s},
                                 {"repeats", times.repeats},
                                 {"gflops", times.gflops()},
                                 {"peak_gflops", nullptr},
                                 {"share_of_peak", nullptr},
                                 {"threads", nullptr},
                                 {"instruction_set", nullptr},
                                 {"device", describe(times.device)},
                                 {"virtual_gpu", is_virtual(times.device)}};
  if (times.processor) {
    json["peak_gflops"] = times.processor->peak_gflops;
    json["share_of_peak"] = times.gflops() / times.processor->peak_gflops;
    json["threads"] = times.processor->threads;
    json["instruction_set"] = times.processor->instruction_set;
  }
  return json;
}

}  // namespace ebb::program
