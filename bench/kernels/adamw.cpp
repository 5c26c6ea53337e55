#include "kernels/adamw/adamw.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/adamw/adamw_reference.h"

namespace ebb::bench {

std::vector<KernelCase> adamw_cases() {
  std::vector<KernelCase> cases;
  for (const std::int64_t parameters : {100000, 10000000}) {
    cases.push_back(make_case<kernels::AdamWUpdate>(
        "adamw", "update", fmt::format("{}", parameters), 0.0, kernels::adamw_unsupported,
        [=, segments = std::vector<kernels::Segment>{{0, parameters, 0.01F}}](Operands& operands) {
          // Repeated calls go on from each other's results, which is what a training does.
          kernels::AdamWUpdate p;
          p.parameters = operands.updated({parameters});
          p.gradients = operands.random({parameters});
          p.first_moment = operands.updated({parameters}, 0.1);
          p.second_moment = operands.updated({parameters}, 0.01, 1.0);
          p.segments = segments;
          return p;
        },
        kernels::adamw, kernels::reference::adamw<double>));
  }
  return cases;
}

}  // namespace ebb::bench
