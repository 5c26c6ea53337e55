#include "kernels/common/context.h"

#include <omp.h>

#include "kernels/common/cuda/runtime.h"
#include "kernels/common/instruction_set.h"
#include "kernels/common/primitive_cache.h"

namespace ebb {

int default_threads() { return omp_get_max_threads(); }

int available_processors() { return omp_get_num_procs(); }

void set_default_threads(int threads) {
  if (threads > 0) omp_set_num_threads(threads);
}

Context::Context(Device device, int threads)
    : device_(device), threads_(threads > 0 ? threads : default_threads()), workspace_(device) {
  require_available(device);
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) stream_ = cuda::compute_stream(device);
  }
  // Settles the instruction set before the first kernel or oneDNN call can.
  active_instruction_set();
}

Context::~Context() = default;

void Context::synchronize() const {
  if constexpr (kBuiltWithCuda) {
    if (stream_ != nullptr) cuda::synchronize(device_, stream_);
  }
}

PrimitiveCache& Context::primitives() {
  if (primitives_ == nullptr) primitives_ = std::make_unique<PrimitiveCache>();
  return *primitives_;
}

}  // namespace ebb
