// The CUDA runtime behind types that need no CUDA header: devices, streams, memory, copies. Defined
// in builds with CUDA only (kBuiltWithCuda).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/common/device.h"

// The type behind cudaEvent_t.
struct CUevent_st;

namespace ebb::cuda {

struct DeviceCount {
  int count = 0;
  std::string why_none;  // where count is 0
};

/// How many GPUs there are; asks the driver once.
const DeviceCount& count_devices();

/// Why none of this program's kernels can run on a GPU that is there; empty where they can. Asks
/// that GPU once, which initialises it.
const std::string& lacks_code(Device device);

struct DeviceProperties {
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  int multiprocessors = 0;
  std::size_t total_bytes = 0;
  std::size_t free_bytes = 0;  // now
};

/// Of a GPU that is there, whether ebb can use it or not.
DeviceProperties properties_of(Device device);

/// Compute capability times ten: 90 for 9.0.
int compute_capability(Device device);
int multiprocessor_count(Device device);
std::size_t second_level_cache_bytes(Device device);

/// What the arrays that a kernel itself declares in shared memory may take, beside dynamic memory.
inline constexpr std::size_t kDeclaredSharedBytes = 1024;
/// The most dynamic shared memory that a block may have beside kDeclaredSharedBytes, if it asks.
std::size_t shared_bytes_of_block(Device device);

/// "13.0"; the driver's is "none" without one.
std::string runtime_version();
std::string driver_version();

/// The stream of a device on which all contexts and tensors work, so that whatever is asked of the
/// device later also runs later. Made when first asked for, and kept. It does not wait for the
/// default stream.
CudaStream compute_stream(Device device);
/// Another one, for copies that run beside kernels; events order the two.
CudaStream copy_stream(Device device);

/// Waits until all work given to `stream` is done; throws what went wrong in it.
void synchronize(Device device, CudaStream stream);

/// A point in the work of a stream.
using CudaEvent = CUevent_st*;

CudaEvent create_event(Device device);
/// One that also takes the time, for seconds_between().
CudaEvent create_timing_event(Device device);
void destroy_event(Device device, CudaEvent event) noexcept;
/// `event` is the work that was given to `stream` so far.
void record(CudaEvent event, CudaStream stream);
/// What is given to `stream` from here on runs after `event`. An event never recorded is over.
void wait_for(CudaStream stream, CudaEvent event);
/// The host waits for `event`.
void synchronize(CudaEvent event);
/// The time on the device from one timing event to a later one; both are over.
double seconds_between(CudaEvent start, CudaEvent stop);

struct MemoryInfo {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
};

/// What the device has now.
MemoryInfo memory_of(Device device);

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
