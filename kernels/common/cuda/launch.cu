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

unsigned grid_for(const Context& context, std::int64_t count, std::int64_t per_block,
                  std::int64_t waves) {
  constexpr std::int64_t kBlocksPerMultiprocessor = 8;
  const std::int64_t most =
      waves * kBlocksPerMultiprocessor * multiprocessor_count(context.device());
  return static_cast<unsigned>(std::min(blocks_of(count, per_block), most));
}

}  // namespace ebb::cuda
