#include "bench/kernels/machine.h"

#include "bench/kernels/cuda_limits.h"
#include "kernels/common/instruction_set.h"
#include "kernels/peak/peak.h"

namespace ebb::bench {

Machine::Machine(Device device) : context_(device), stopwatch_(device), other_data_(device) {}

std::string Machine::name() const {
  if constexpr (kBuiltWithCuda) {
    if (context_.device().is_cuda()) return cuda::properties_of(context_.device()).name;
  }
  return fmt::format("cpu, {}, {} threads", name_of(active_instruction_set()), context_.threads());
}

Limits Machine::limits(DType dtype, Precision precision) const {
  if constexpr (kBuiltWithCuda) {
    if (context_.device().is_cuda()) return cuda_limits(context_.device(), dtype, precision);
  }
  constexpr std::int64_t kBytesPerThread = 4 << 20;
  return {.flops_per_second = kernels::measure_peak_gflops(context_) * 1e9,
          .bytes_per_second = kernels::measure_copy_bandwidth(context_, kBytesPerThread)};
}

double Machine::time(const std::function<void()>& body) {
  if constexpr (kBuiltWithCuda) {
    const Device device = context_.device();
    if (device.is_cuda()) {
      // The host gives the device its work while this runs, so that no time is spent on waiting.
      const std::size_t bytes = 2 * cuda::second_level_cache_bytes(device);
      cuda::zero(context_.stream(), other_data_.acquire(bytes), bytes);
    }
  }
  return stopwatch_.time(body);
}

}  // namespace ebb::bench
