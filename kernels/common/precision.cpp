#include "kernels/common/precision.h"

#include "kernels/common/cuda/runtime.h"
#include "kernels/common/error.h"

namespace ebb {

std::string tf32_unsupported(Device device) {
  if (!device.is_cuda()) {
    return "needs a GPU of compute capability 8.0, and this runs on the CPU: use f32, or a CUDA "
           "device";
  }
  std::string reason = device_unavailable(device);
  if (!reason.empty()) return fmt::format("{}: {}", to_string(device), reason);
  if constexpr (kBuiltWithCuda) {
    const int capability = cuda::compute_capability(device);
    if (capability < 80) {
      return fmt::format("needs tensor cores of compute capability 8.0, and {} has {}.{}: use f32",
                         to_string(device), capability / 10, capability % 10);
    }
  }
  return {};
}

}  // namespace ebb
