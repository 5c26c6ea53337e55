// The one way in which ebb starts a kernel. For .cu files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cuda_runtime.h>

#include "kernels/common/context.h"
#include "kernels/common/cuda/check.h"

namespace ebb::cuda {

/// How many blocks of how many threads, and what they share.
struct LaunchShape {
  const char* name;  // of the operation, for messages
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;  // dynamic shared memory
};

/// Starts kernel(arguments...) on the context's stream; arguments are converted to what the kernel
/// takes. A grid without blocks starts nothing. Throws CudaError.
template <class... Parameters, class... Arguments>
void launch(const Context& context, const LaunchShape& shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  check(cudaSetDevice(context.device().index), "choosing the device");
  // Above 48 KiB a kernel must ask.
  constexpr std::size_t kSharedBytesUnasked = 48 * 1024;
  if (shape.shared_bytes > kSharedBytesUnasked) {
    check(
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(shape.shared_bytes)),
        fmt::format("asking for {} bytes of shared memory for {}", shape.shared_bytes, shape.name));
  }
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = context.stream();
  const cudaError_t status = cudaLaunchKernelEx(
      &config, kernel, static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  if (status != cudaSuccess || waits_after_every_launch()) {
    finish(status, context.stream(), fmt::format("launching {}", shape.name));
  }
}

/// Blocks for `count` items at `per_block` each, at most what keeps every multiprocessor busy for
/// `waves` rounds of eight blocks: kernels go on by a stride of the whole grid.
unsigned grid_for(const Context& context, std::int64_t count, std::int64_t per_block,
                  std::int64_t waves = 4);

}  // namespace ebb::cuda
