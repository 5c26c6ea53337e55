#include "apps/churn/artefact/build_info.h"

#include <dnnl.h>
#include <fmt/format.h>

#include "kernels/common/instruction_set.h"

namespace ebb::churn {

BuildInfo this_build() {
  const dnnl_version_t* onednn = dnnl_version();
  return {EBB_VERSION, std::string(name_of(active_instruction_set())),
          fmt::format("{}.{}.{}", onednn->major, onednn->minor, onednn->patch)};
}

std::string to_string(const BuildInfo& build) {
  return fmt::format("ebb {}, {}, oneDNN {}", build.ebb_version, build.instruction_set,
                     build.onednn_version);
}

}  // namespace ebb::churn
