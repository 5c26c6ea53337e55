#include "apps/churn/data/leak_warnings.h"

#include "kernels/common/error.h"
#include "preprocessing/audit/leakage.h"

namespace ebb::churn {

std::vector<std::string> leak_warnings(const preprocessing::Table& training_rows,
                                       std::span<const float> labels,
                                       const preprocessing::Pipeline& pipeline) {
  std::vector<std::string> names;
  for (const auto& input : pipeline.inputs()) names.push_back(input.name);
  std::vector<std::string> warnings;
  for (const auto& suspect : find_leaks(training_rows, names, labels)) {
    warnings.push_back(
        fmt::format("column \"{}\": {}; unless it is known before the customer decides, leave it "
                    "out with --drop-columns (ebb audit says more)",
                    shortened(suspect.column), suspect.explanation));
  }
  return warnings;
}

}  // namespace ebb::churn
