// What a device can do at most, and how the time of a call on it is taken.
#pragma once

#include <functional>
#include <string>

#include "kernels/common/context.h"
#include "kernels/common/dtype.h"
#include "kernels/common/precision.h"
#include "kernels/common/stopwatch.h"

namespace ebb::bench {

/// The limits that a kernel's time is a share of.
struct Limits {
  double flops_per_second = 0.0;
  double bytes_per_second = 0.0;  // read and written together
};

/// One device under measurement.
class Machine {
 public:
  /// Throws UnsupportedError on a device that is not there.
  explicit Machine(Device device);

  Context& context() { return context_; }
  /// "cpu, avx2, 2 threads" or the GPU's name.
  std::string name() const;
  /// Whether this is the virtual GPU: it counts, and its times mean nothing.
  bool is_virtual() const { return ebb::is_virtual(context_.device()); }

  /// CPU: measured now, the same for all dtypes. CUDA: from the device's clocks, on the units that
  /// serve `dtype`: tensor cores for bf16, f16, and f32 in TF32.
  Limits limits(DType dtype, Precision precision) const;

  /// Seconds of one call of `body`, which gives work to context(). CUDA: with the second-level
  /// cache filled with other data before. CPU: caches warm, as in a training step.
  double time(const std::function<void()>& body);

 private:
  Context context_;
  Stopwatch stopwatch_;
  Workspace other_data_;
};

}  // namespace ebb::bench
