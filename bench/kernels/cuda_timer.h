// Times and limits of a GPU. Defined in builds with CUDA only.
#pragma once

#include <functional>
#include <memory>

#include "bench/kernels/machine.h"

namespace ebb::bench {

/// Takes the time between two events on a context's stream. It holds memory twice the size of the
/// second-level cache, to fill that between calls.
class CudaTimer {
 public:
  explicit CudaTimer(Context& context);
  CudaTimer(const CudaTimer&) = delete;
  CudaTimer& operator=(const CudaTimer&) = delete;
  ~CudaTimer();

  double time(const std::function<void()>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// From the device's clocks, multiprocessors and width of memory: dense operations per
/// multiprocessor and clock by architecture (NVIDIA's tuning guides and white papers).
Limits cuda_limits(Device device, DType dtype);

}  // namespace ebb::bench
