#include "kernels/common/stopwatch.h"

#include <chrono>

namespace ebb {

bool is_virtual(Device device) {
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) return cuda::properties_of(device).name.ends_with("(vgpu)");
  }
  return false;
}

Stopwatch::Stopwatch(Device device) : device_(device) {
  require_available(device);
  if constexpr (kBuiltWithCuda) {
    if (!device.is_cuda()) return;
    start_ = cuda::create_timing_event(device);
    stop_ = cuda::create_timing_event(device);
  }
}

Stopwatch::~Stopwatch() {
  if constexpr (kBuiltWithCuda) {
    for (const cuda::CudaEvent event : {start_, stop_}) {
      if (event != nullptr) cuda::destroy_event(device_, event);
    }
  }
}

double Stopwatch::time(const std::function<void()>& body) {
  if constexpr (kBuiltWithCuda) {
    if (device_.is_cuda()) {
      const CudaStream stream = cuda::compute_stream(device_);
      cuda::record(start_, stream);
      body();
      cuda::record(stop_, stream);
      cuda::synchronize(stop_);
      return cuda::seconds_between(start_, stop_);
    }
  }
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace ebb
