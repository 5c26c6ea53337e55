#include "kernels/common/ranges.h"

#if EBB_WITH_CUDA
#include <nvtx3/nvToolsExt.h>
#endif

namespace ebb {

#if EBB_WITH_CUDA
void push_range(std::string_view name) { nvtxRangePushA(name.data()); }
void pop_range() { nvtxRangePop(); }
#else
void push_range(std::string_view) {}
void pop_range() {}
#endif

}  // namespace ebb
