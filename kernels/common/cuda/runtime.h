// The CUDA runtime behind types that need no CUDA header: devices, streams, memory, copies. Defined
// in builds with CUDA only (kBuiltWithCuda).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/common/device.h"

namespace ebb::cuda {

struct DeviceCount {
  int count = 0;
  std::string why_none;  // where count is 0
};

/// How many GPUs can be used; asks the driver once.
const DeviceCount& count_devices();

struct DeviceProperties {
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  int multiprocessors = 0;
  std::size_t total_bytes = 0;
  std::size_t free_bytes = 0;  // now
};

/// Throws UnsupportedError where there is no such device.
DeviceProperties properties_of(Device device);

/// Compute capability times ten: 90 for 9.0. Cached.
int compute_capability(Device device);
int multiprocessor_count(Device device);

/// "13.0"; the driver's is "none" without one.
std::string runtime_version();
std::string driver_version();

/// A stream that does not wait for the default stream.
CudaStream create_stream(Device device);
/// Waits for the stream's work.
void destroy_stream(Device device, CudaStream stream) noexcept;
/// Waits until all work given to `stream` is done; throws what went wrong in it.
void synchronize(Device device, CudaStream stream);

/// Null when the device has no more.
void* allocate(Device device, std::size_t bytes);
/// Memory that the host reaches too, at any time when no work on the device uses it. Throws Error.
void* allocate_managed(Device device, std::size_t bytes);
/// Gives memory of either back; waits until the device is idle.
void free(Device device, void* memory) noexcept;

/// Page-locked host memory, from and to which copies overlap with kernels. Throws Error when there
/// is no more.
void* allocate_pinned(std::size_t bytes);
void free_pinned(void* memory) noexcept;

/// Copies between any two places, ordered on `stream`. From pageable host memory the source may be
/// reused on return; into it, and from or into pinned memory, only after synchronize().
void copy(CudaStream stream, void* to, const void* from, std::size_t bytes);

/// Sets bytes to zero, ordered on `stream`.
void zero(CudaStream stream, void* memory, std::size_t bytes);

}  // namespace ebb::cuda
