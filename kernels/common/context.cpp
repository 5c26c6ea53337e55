#include "kernels/common/context.h"

#include <omp.h>

#include "kernels/common/instruction_set.h"

namespace ebb {

int default_threads() { return omp_get_max_threads(); }

void set_default_threads(int threads) {
  if (threads > 0) omp_set_num_threads(threads);
}

Context::Context(Device device, int threads)
    : device_(device), threads_(threads > 0 ? threads : default_threads()) {
  require_available(device);
  // Settles the instruction set before the first kernel or oneDNN call can.
  active_instruction_set();
}

}  // namespace ebb
