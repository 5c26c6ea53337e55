// Named ranges for profilers (NVIDIA's NVTX): what Nsight Systems shows beside kernels. Without a
// profiler a range costs two calls that return at once; a build without CUDA has none.
#pragma once

#include <string_view>

#include "kernels/common/device.h"

namespace ebb {

// `name` ends with a NUL, as literals do.
void push_range(std::string_view name);
void pop_range();

/// From construction to destruction, on the calling thread.
class NamedRange {
 public:
  NamedRange(Device device, std::string_view name) : open_(kBuiltWithCuda && device.is_cuda()) {
    if (open_) push_range(name);
  }
  NamedRange(const NamedRange&) = delete;
  NamedRange& operator=(const NamedRange&) = delete;
  ~NamedRange() {
    if (open_) pop_range();
  }

 private:
  bool open_;
};

}  // namespace ebb
