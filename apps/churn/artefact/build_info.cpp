#include "apps/churn/artefact/build_info.h"

#include <dnnl.h>
#include <fmt/format.h>

#include "apps/churn/reporting/text_table.h"
#include "kernels/common/instruction_set.h"

namespace ebb::churn {

BuildInfo this_build(Precision precision) {
  const dnnl_version_t* onednn = dnnl_version();
  std::string instruction_set(name_of(active_instruction_set()));
  if (precision == Precision::bf16) {
    instruction_set += fmt::format("+{}", name_of(active_bf16_unit()));
  }
  return {EBB_VERSION, std::move(instruction_set),
          fmt::format("{}.{}.{}", onednn->major, onednn->minor, onednn->patch)};
}

std::string to_string(const BuildInfo& build) {
  return printable(fmt::format("ebb {}, {}, oneDNN {}", build.ebb_version, build.instruction_set,
                               build.onednn_version));
}

}  // namespace ebb::churn
