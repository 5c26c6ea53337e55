// Where a tensor lives and a kernel runs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kernels/common/error.h"

// The type behind cudaStream_t, named here so that headers do without CUDA's.
struct CUstream_st;

namespace ebb {

/// Whether this build has CUDA kernels; without them every CUDA device is an UnsupportedError.
inline constexpr bool kBuiltWithCuda = EBB_WITH_CUDA != 0;

enum class DeviceKind { cpu, cuda };

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;

  constexpr bool is_cuda() const { return kind == DeviceKind::cuda; }
  bool operator==(const Device&) const = default;
};

/// What orders the work of one context on a CUDA device; null on the CPU.
using CudaStream = CUstream_st*;

/// "cpu" or "cuda:0".
inline std::string to_string(Device device) {
  return device.is_cuda() ? fmt::format("cuda:{}", device.index) : "cpu";
}

/// Empty where `device` can be used, else the reason: no CUDA kernels in this build, no driver, no
/// such GPU, no code for it.
std::string device_unavailable(Device device);

/// Throws UnsupportedError where device_unavailable() gives a reason.
void require_available(Device device);

/// Reads "cpu", "cuda" or "cuda:N". Throws Error on other names.
Device parse_device(std::string_view name);

/// The number of CUDA devices that there are; 0 in a build without CUDA or without a driver.
int cuda_device_count();

/// At least `bytes` of uninitialised memory of `device`, aligned to 64 bytes (CUDA: 256); null when
/// there is no more, even after what is cached of a GPU's memory was given back.
void* allocate_device_memory(Device device, std::size_t bytes);

/// Gives the memory of a GPU that is cached, and that nothing recorded uses, back.
using CacheRelease = void (*)(Device);

/// What allocate_device_memory() calls when a GPU has no more, before it tries again. For the one
/// cache of the memory of GPUs, which stands above the kernels.
void set_cache_release(CacheRelease release);

/// For messages: ", and F of T bytes are free" on a GPU; empty on the CPU.
std::string describe_free_memory(Device device);

/// Gives memory of allocate_device_memory() back. On CUDA it waits until the device is idle.
void free_device_memory(Device device, void* memory) noexcept;

}  // namespace ebb
