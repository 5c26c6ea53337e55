#include "preprocessing/columns/map_numbers.h"

#include "kernels/common/dispatch.h"
#include "kernels/common/support.h"
#include "preprocessing/columns/map_numbers_backends.h"

namespace ebb::preprocessing {

std::string map_numbers_unsupported(Device device) { return device_unavailable(device); }

void map_numbers(Context& context, const MapNumbers& p) {
  kernels::require_supported("map_numbers", map_numbers_unsupported(context.device()));
  if (p.rows == 0 || p.columns.empty()) return;
  kernels::run_on_device<cpu::map_numbers, cuda::map_numbers>(context, p);
}

}  // namespace ebb::preprocessing
