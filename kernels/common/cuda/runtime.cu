// The CUDA runtime's calls behind runtime.h. What a thread asks of a device it first makes its own,
// since a thread of the host may work with several.
#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "kernels/common/cuda/check.h"
#include "kernels/common/cuda/graph.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb::cuda {
namespace {

/// Makes `device` the calling thread's. A failure is reported by the call that needs it.
void use(Device device) noexcept { cudaSetDevice(device.index); }

DeviceCount find_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return {count, {}};
  cudaGetLastError();  // not sticky: later calls shall not report it
  if (status == cudaErrorInsufficientDriver) {
    return {
        0, fmt::format("this machine has no NVIDIA driver, or one older than CUDA {}; only the CPU "
                       "can be used",
                       runtime_version())};
  }
  return {0, fmt::format("this machine has no GPU that CUDA can use ({}); only the CPU can be used",
                         cudaGetErrorString(status == cudaSuccess ? cudaErrorNoDevice : status))};
}

// What is asked for in the place of all others, since all are compiled for the same GPUs.
__global__ void any_kernel() {}

std::string find_lacking_code(int index) {
  cudaFuncAttributes attributes{};
  cudaError_t status = cudaSetDevice(index);
  if (status == cudaSuccess) status = cudaFuncGetAttributes(&attributes, any_kernel);
  if (status == cudaSuccess) return {};
  cudaGetLastError();  // not sticky: later calls shall not report it
  const auto capability = [&](cudaDeviceAttr name) {
    int value = 0;
    cudaDeviceGetAttribute(&value, name, index);
    return value;
  };
  const int major = capability(cudaDevAttrComputeCapabilityMajor);
  const int minor = capability(cudaDevAttrComputeCapabilityMinor);
  const std::string found = fmt::format("its compute capability is {}.{}: {} ({})", major, minor,
                                        cudaGetErrorString(status), cudaGetErrorName(status));
  constexpr int kOldest = 75;
  if (10 * major + minor < kOldest) {
    return fmt::format("this GPU is older than ebb's kernels, which need 7.5; {}", found);
  }
  return fmt::format(
      "this build of ebb cannot run on this GPU; {}; build it with -DCMAKE_CUDA_ARCHITECTURES={}{}",
      found, major, minor);
}

int attribute(Device device, cudaDeviceAttr name) {
  require_available(device);
  int value = 0;
  check(cudaDeviceGetAttribute(&value, name, device.index), "asking for a device's attribute");
  return value;
}

cudaStream_t new_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  return stream;
}

cudaEvent_t new_event(Device device, unsigned flags) {
  use(device);
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, flags), "making an event");
  return event;
}

struct Streams {
  cudaStream_t compute = nullptr;
  cudaStream_t copy = nullptr;
};

const Streams& streams_of(Device device) {
  require_available(device);
  // Never destroyed: contexts and tensors in static storage may outlive any order of destruction.
  static auto* streams = new std::vector<Streams>(static_cast<std::size_t>(count_devices().count));
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  Streams& found = (*streams)[static_cast<std::size_t>(device.index)];
  if (found.compute == nullptr) {
    use(device);
    found = {new_stream(), new_stream()};
  }
  return found;
}

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

bool waits_after_every_launch() {
  static const bool waits = [] {
    const char* value = std::getenv("EBB_CUDA_SYNC");
    return value != nullptr && std::string_view(value) == "1";
  }();
  return waits && !is_recording();  // a stream that is recorded runs nothing to wait for
}

const DeviceCount& count_devices() {
  static const DeviceCount found = find_devices();
  return found;
}

const std::string& lacks_code(Device device) {
  struct Answer {
    std::once_flag asked;
    std::string reason;
  };
  static auto* answers = new std::vector<Answer>(static_cast<std::size_t>(count_devices().count));
  Answer& answer = (*answers)[static_cast<std::size_t>(device.index)];
  std::call_once(answer.asked, [&] { answer.reason = find_lacking_code(device.index); });
  return answer.reason;
}

DeviceProperties properties_of(Device device) {
  use(device);
  cudaDeviceProp found{};
  check(cudaGetDeviceProperties(&found, device.index), "asking for a device's properties");
  DeviceProperties properties{.name = found.name,
                              .major = found.major,
                              .minor = found.minor,
                              .multiprocessors = found.multiProcessorCount};
  const MemoryInfo memory = memory_of(device);
  properties.total_bytes = memory.total_bytes;
  properties.free_bytes = memory.free_bytes;
  return properties;
}

int compute_capability(Device device) {
  return 10 * attribute(device, cudaDevAttrComputeCapabilityMajor) +
         attribute(device, cudaDevAttrComputeCapabilityMinor);
}

int multiprocessor_count(Device device) {
  return attribute(device, cudaDevAttrMultiProcessorCount);
}

std::size_t second_level_cache_bytes(Device device) {
  return static_cast<std::size_t>(attribute(device, cudaDevAttrL2CacheSize));
}

std::size_t shared_bytes_of_block(Device device) {
  return static_cast<std::size_t>(attribute(device, cudaDevAttrMaxSharedMemoryPerBlockOptin)) -
         kDeclaredSharedBytes;
}

std::string runtime_version() {
  int version = 0;
  check(cudaRuntimeGetVersion(&version), "asking for the runtime's version");
  return version_text(version);
}

std::string driver_version() {
  int version = 0;
  const cudaError_t status = cudaDriverGetVersion(&version);
  return status != cudaSuccess || version == 0 ? "none" : version_text(version);
}

CudaStream compute_stream(Device device) { return streams_of(device).compute; }

CudaStream copy_stream(Device device) { return streams_of(device).copy; }

CudaEvent create_event(Device device) { return new_event(device, cudaEventDisableTiming); }

CudaEvent create_timing_event(Device device) { return new_event(device, cudaEventDefault); }

void destroy_event(Device device, CudaEvent event) noexcept {
  use(device);
  cudaEventDestroy(event);
}

void record(CudaEvent event, CudaStream stream) {
  check(cudaEventRecord(event, stream), "recording an event");
}

void wait_for(CudaStream stream, CudaEvent event) {
  check(cudaStreamWaitEvent(stream, event, 0), "letting a stream wait");
}

void synchronize(CudaEvent event) { check(cudaEventSynchronize(event), "waiting for the device"); }

double seconds_between(CudaEvent start, CudaEvent stop) {
  float milliseconds = 0.0F;
  check(cudaEventElapsedTime(&milliseconds, start, stop), "reading the time of events");
  return milliseconds * 1e-3;
}

MemoryInfo memory_of(Device device) {
  use(device);
  MemoryInfo memory;
  check(cudaMemGetInfo(&memory.free_bytes, &memory.total_bytes), "asking for a device's memory");
  return memory;
}

void synchronize(Device device, CudaStream stream) {
  use(device);
  check(cudaStreamSynchronize(stream), "waiting for the device");
}

void* allocate(Device device, std::size_t bytes) {
  require_available(device);
  use(device);
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, std::max<std::size_t>(bytes, 1));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  check(status, "allocating device memory");
  return memory;
}

void* allocate_managed(Device device, std::size_t bytes) {
  require_available(device);
  use(device);
  void* memory = nullptr;
  check(cudaMallocManaged(&memory, std::max<std::size_t>(bytes, 1)), "allocating managed memory");
  return memory;
}

void free(Device device, void* memory) noexcept {
  use(device);
  cudaFree(memory);
}

void* allocate_pinned(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, std::max<std::size_t>(bytes, 1)),
        fmt::format("allocating {} bytes of pinned memory", bytes));
  return memory;
}

void free_pinned(void* memory) noexcept { cudaFreeHost(memory); }

void copy(CudaStream stream, void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  finish(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), stream, "copying");
}

void zero(CudaStream stream, void* memory, std::size_t bytes) {
  if (bytes == 0) return;
  finish(cudaMemsetAsync(memory, 0, bytes, stream), stream, "clearing memory");
}

}  // namespace ebb::cuda
