#include "preprocessing/columns/project_numbers.h"

#include "kernels/common/dispatch.h"
#include "kernels/common/error.h"
#include "kernels/common/support.h"
#include "preprocessing/columns/project_numbers_backends.h"

namespace ebb::preprocessing {

std::string project_numbers_unsupported(Device device) { return device_unavailable(device); }

void project_numbers(Context& context, const ProjectNumbers& p) {
  constexpr const char* kName = "project_numbers";
  kernels::require_supported(kName, project_numbers_unsupported(context.device()));
  if (p.means.size() != p.of.size() || p.scales.size() != p.of.size() ||
      p.weights.size() != p.of.size() * p.outputs.size()) {
    fail("{}: {} means, {} scales and {} weights for {} columns and {} outputs", kName,
         p.means.size(), p.scales.size(), p.weights.size(), p.of.size(), p.outputs.size());
  }
  if (p.rows == 0 || p.outputs.empty()) return;
  kernels::run_on_device<cpu::project_numbers, cuda::project_numbers>(context, p);
}

}  // namespace ebb::preprocessing
