#include "kernels/dropout/dropout.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/dropout/dropout_reference.h"

namespace ebb::bench {

std::vector<KernelCase> dropout_cases() {
  std::vector<KernelCase> cases;
  for (const std::int64_t elements : {1 << 16, 1 << 22}) {
    cases.push_back(make_case<kernels::Dropout>(
        "dropout", "forward", fmt::format("{}", elements), 0.0, kernels::dropout_unsupported,
        [=](Operands& operands) {
          kernels::Dropout p;
          p.input = operands.random({elements});
          p.dropout = {.probability = 0.1F, .key = {.seed = 7}};
          p.output = operands.result({elements});
          return p;
        },
        kernels::dropout, kernels::reference::dropout<double>));
  }
  return cases;
}

}  // namespace ebb::bench
