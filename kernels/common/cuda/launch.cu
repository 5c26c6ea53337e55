// How many blocks a launch may have, and how many it needs where kernels go on by a stride.
#include <limits>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb::cuda {

dim3 grid_of(const LaunchShape& shape) {
  // Of every compute capability.
  constexpr std::int64_t kMostX = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kMostY = 65535;
  const auto [x, y] = shape.grid;
  if (x < 0 || y < 0 || x > kMostX || y > kMostY) {
    fail("{}: these shapes need {} x {} blocks of threads, a GPU takes at most {} x {} at once",
         shape.name, x, y, kMostX, kMostY);
  }
  return dim3(static_cast<unsigned>(x), static_cast<unsigned>(y));
}

void choose_device(const Context& context) {
  check(cudaSetDevice(context.device().index), "choosing the device");
}

void ask_for_shared_memory(const Context& context, const LaunchShape& shape, const void* kernel) {
  // What a block has without asking, its declared arrays included.
  constexpr std::size_t kUnasked = 48 * 1024;
  if (shape.shared_bytes + kDeclaredSharedBytes <= kUnasked) return;
  // All that there is, always: host threads that launch one kernel ask for the same.
  const std::size_t bytes = std::max(shape.shared_bytes, shared_bytes_of_block(context.device()));
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(bytes)),
        fmt::format("asking for {} bytes of shared memory for {}", bytes, shape.name));
}

unsigned grid_for(const Context& context, std::int64_t count, std::int64_t per_block,
                  std::int64_t waves) {
  constexpr std::int64_t kBlocksPerMultiprocessor = 8;
  const std::int64_t most =
      waves * kBlocksPerMultiprocessor * multiprocessor_count(context.device());
  return static_cast<unsigned>(std::min(blocks_of(count, per_block), most));
}

}  // namespace ebb::cuda
