// The one way in which ebb starts a kernel. For .cu files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cuda_runtime.h>

#include "kernels/common/context.h"
#include "kernels/common/cuda/check.h"

namespace ebb::cuda {

/// How many blocks, before they are known to fit a grid: launch() checks that, so that no launcher
/// converts to 32 bits itself.
struct Blocks {
  // Implicit: most grids have one extent.
  Blocks(std::int64_t blocks_x, std::int64_t blocks_y = 1) : x(blocks_x), y(blocks_y) {}

  std::int64_t x;
  std::int64_t y;
};

/// How many blocks of how many threads, and what they share.
struct LaunchShape {
  const char* name;  // of the operation, for messages
  Blocks grid;
  dim3 block;
  std::size_t shared_bytes = 0;  // dynamic shared memory
};

/// What CUDA takes for the blocks of `shape`. Throws Error where a grid holds fewer.
dim3 grid_of(const LaunchShape& shape);

/// Makes the context's device the one that this host thread's calls of CUDA mean.
void choose_device(const Context& context);

/// Lets the kernel have shape.shared_bytes, if a block must ask for so much.
void ask_for_shared_memory(const Context& context, const LaunchShape& shape, const void* kernel);

/// Starts kernel(arguments...) on the context's stream; arguments are converted to what the kernel
/// takes. A grid without blocks starts nothing. Throws CudaError, or Error where the operation
/// needs more blocks than a grid holds.
template <class... Parameters, class... Arguments>
void launch(const Context& context, const LaunchShape& shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  if (shape.grid.x == 0 || shape.grid.y == 0) return;
  const dim3 grid = grid_of(shape);
  choose_device(context);
  ask_for_shared_memory(context, shape, reinterpret_cast<const void*>(kernel));
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
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
