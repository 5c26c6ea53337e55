#include "bench/kernels/suite.h"

#include <iterator>

namespace ebb::bench {

std::vector<KernelCase> all_cases() {
  std::vector<KernelCase> cases;
  for (const auto& folder : {dropout_cases, layer_norm_cases}) {
    std::vector<KernelCase> added = folder();
    std::move(added.begin(), added.end(), std::back_inserter(cases));
  }
  return cases;
}

}  // namespace ebb::bench
