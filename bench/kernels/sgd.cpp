// Gradient descent, and the norm by which optimisers clip.
#include "kernels/sgd/sgd.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/gradient_norm/gradient_norm_reference.h"
#include "kernels/sgd/sgd_reference.h"

namespace ebb::bench {
namespace {

KernelCase sgd_case(std::int64_t parameters) {
  return make_case<kernels::SgdUpdate>(
      "sgd", "update", fmt::format("{}", parameters), 0.0, kernels::sgd_unsupported,
      [=, segments = std::vector<kernels::Segment>{{0, parameters, 0.01F}}](Operands& operands) {
        kernels::SgdUpdate p;
        p.parameters = operands.updated({parameters});
        p.gradients = operands.random({parameters});
        p.momentum_buffer = operands.updated({parameters}, 0.1);
        p.segments = segments;
        p.momentum = 0.9;
        return p;
      },
      kernels::sgd, kernels::reference::sgd<double>);
}

KernelCase norm_case(std::int64_t parameters) {
  return make_case<kernels::GradientNorm>(
      "gradient_norm", "forward", fmt::format("{}", parameters), 0.0,
      kernels::gradient_norm_unsupported,
      [=](Operands& operands) {
        return kernels::GradientNorm{
            operands.random({parameters}),
            operands.result_as(DType::f64, {kernels::gradient_norm_parts(parameters)})};
      },
      kernels::gradient_norm, kernels::reference::gradient_norm<double>);
}

}  // namespace

std::vector<KernelCase> sgd_cases() {
  std::vector<KernelCase> cases;
  for (const std::int64_t parameters : {100000, 10000000}) {
    cases.push_back(sgd_case(parameters));
    cases.push_back(norm_case(parameters));
  }
  return cases;
}

}  // namespace ebb::bench
