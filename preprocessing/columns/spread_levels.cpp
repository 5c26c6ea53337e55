#include "preprocessing/columns/spread_levels.h"

#include "kernels/common/dispatch.h"
#include "kernels/common/error.h"
#include "kernels/common/support.h"
#include "preprocessing/columns/spread_levels_backends.h"

namespace ebb::preprocessing {

std::string spread_levels_unsupported(Device device) { return device_unavailable(device); }

template <class T>
void spread_levels(Context& context, const SpreadLevels<T>& p) {
  constexpr const char* kName = "spread_levels";
  kernels::require_supported(kName, spread_levels_unsupported(context.device()));
  for (const SpreadColumn<T>& column : p.columns) {
    if (column.values.empty() || column.places.empty() ||
        column.values.size() == column.places.size()) {
      continue;
    }
    fail("{}: values of {} levels and places of {}, expected as many", kName, column.values.size(),
         column.places.size());
  }
  if (p.rows == 0 || p.columns.empty()) return;
  kernels::run_on_device<cpu::spread_levels<T>, cuda::spread_levels<T>>(context, p);
}

template void spread_levels(Context&, const SpreadLevels<double>&);
template void spread_levels(Context&, const SpreadLevels<std::int32_t>&);

}  // namespace ebb::preprocessing
