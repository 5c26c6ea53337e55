#include "kernels/common/blocks.h"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb::cuda {

unsigned grid_for(const Context& context, std::int64_t count, std::int64_t per_block,
                  std::int64_t waves) {
  constexpr std::int64_t kBlocksPerMultiprocessor = 8;
  const std::int64_t most =
      waves * kBlocksPerMultiprocessor * multiprocessor_count(context.device());
  return static_cast<unsigned>(std::min(blocks_of(count, per_block), most));
}

}  // namespace ebb::cuda
