// The time that a device takes for what it is given.
#pragma once

#include <functional>

#include "kernels/common/cuda/runtime.h"

namespace ebb {

/// Whether `device` is the virtual GPU (tests/vgpu), whose times mean nothing.
bool is_virtual(Device device);

/// Takes the time of work given to one device: on the CPU by its clock, on CUDA between two events
/// on the compute stream, so that a device without other work also counts what it waits for the
/// host.
class Stopwatch {
 public:
  /// Throws UnsupportedError on a device that is not there.
  explicit Stopwatch(Device device);
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch();

  /// Seconds of one call of `body`; waits until the work that it gives to the device is done.
  double time(const std::function<void()>& body);

 private:
  Device device_;
  cuda::CudaEvent start_ = nullptr;  // both null on the CPU
  cuda::CudaEvent stop_ = nullptr;
};

}  // namespace ebb
