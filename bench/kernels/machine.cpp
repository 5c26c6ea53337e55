#include "bench/kernels/machine.h"

#include <chrono>

#include "bench/kernels/cuda_timer.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/instruction_set.h"
#include "kernels/peak/peak.h"

namespace ebb::bench {

#if !EBB_WITH_CUDA
/// Without CUDA there is no device that could be asked for a time.
class CudaTimer {};
#endif

Machine::Machine(Device device) : context_(device) {
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) timer_ = std::make_unique<CudaTimer>(context_);
  }
}

Machine::~Machine() = default;

std::string Machine::name() const {
  if constexpr (kBuiltWithCuda) {
    if (context_.device().is_cuda()) return cuda::properties_of(context_.device()).name;
  }
  return fmt::format("cpu, {}, {} threads", name_of(active_instruction_set()), context_.threads());
}

bool Machine::is_virtual() const { return name().ends_with("(vgpu)"); }

Limits Machine::limits(DType dtype) const {
  if constexpr (kBuiltWithCuda) {
    if (context_.device().is_cuda()) return cuda_limits(context_.device(), dtype);
  }
  constexpr std::int64_t kBytesPerThread = 4 << 20;
  return {.flops_per_second = kernels::measure_peak_gflops(context_) * 1e9,
          .bytes_per_second = kernels::measure_copy_bandwidth(context_, kBytesPerThread)};
}

double Machine::time(const std::function<void()>& body) {
  if constexpr (kBuiltWithCuda) {
    if (timer_ != nullptr) return timer_->time(body);
  }
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace ebb::bench
