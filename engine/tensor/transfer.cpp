#include "engine/tensor/transfer.h"

#include <cstring>

#include "kernels/common/cuda/graph.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb {
namespace {

// Work given to `later` from here on runs after what `earlier` was given.
void order(Device earlier, Device later) {
  const cuda::CudaEvent event = cuda::create_event(earlier);
  cuda::record(event, cuda::compute_stream(earlier));
  cuda::wait_for(cuda::compute_stream(later), event);
  cuda::destroy_event(earlier, event);  // once it is over
}

void transfer_on_cuda(void* to, Device to_device, const void* from, Device from_device,
                      std::size_t bytes) {
  const Device device = to_device.is_cuda() ? to_device : from_device;
  if (cuda::is_recording()) {
    fail("a tensor moves between {} and {} within a step that is recorded as a CUDA graph",
         to_string(from_device), to_string(to_device));
  }
  const bool between_devices = from_device.is_cuda() && from_device != device;
  if (between_devices) order(from_device, device);
  cuda::copy(cuda::compute_stream(device), to, from, bytes);
  if (between_devices) order(device, from_device);
  if (!to_device.is_cuda()) cuda::synchronize(device, cuda::compute_stream(device));
}

}  // namespace

void transfer(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) {
  if (bytes == 0) return;
  if constexpr (kBuiltWithCuda) {
    if (to_device.is_cuda() || from_device.is_cuda()) {
      return transfer_on_cuda(to, to_device, from, from_device, bytes);
    }
  }
  std::memcpy(to, from, bytes);
}

void fill_with_zeros(void* memory, Device device, std::size_t bytes) {
  if (bytes == 0) return;
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) return cuda::zero(cuda::compute_stream(device), memory, bytes);
  }
  std::memset(memory, 0, bytes);
}

}  // namespace ebb
