#include "kernels/common/freed_memory.h"

#include <limits>
#include <malloc.h>

namespace ebb {

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

}  // namespace ebb
