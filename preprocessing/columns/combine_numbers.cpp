#include "preprocessing/columns/combine_numbers.h"

#include "kernels/common/dispatch.h"
#include "kernels/common/error.h"
#include "kernels/common/support.h"
#include "preprocessing/columns/combine_numbers_backends.h"

namespace ebb::preprocessing {

std::string combine_numbers_unsupported(Device device) { return device_unavailable(device); }

void combine_numbers(Context& context, const CombineNumbers& p) {
  constexpr const char* kName = "combine_numbers";
  kernels::require_supported(kName, combine_numbers_unsupported(context.device()));
  for (const CombinedColumn& column : p.columns) {
    if (column.of.empty()) fail("{}: a column of no others", kName);
  }
  if (p.rows == 0 || p.columns.empty()) return;
  kernels::run_on_device<cpu::combine_numbers, cuda::combine_numbers>(context, p);
}

}  // namespace ebb::preprocessing
