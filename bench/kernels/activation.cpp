#include "kernels/activation/activation.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/activation/activation_reference.h"

namespace ebb::bench {

std::vector<KernelCase> activation_cases() {
  std::vector<KernelCase> cases;
  for (const auto& [rows, columns] : {std::pair{5120, 256}, {4096, 4096}}) {
    const std::string shape = fmt::format("{}x{}", rows, columns);
    const Shape extents{rows, columns};
    cases.push_back(make_case<kernels::ActivationForward>(
        "activation", "forward", shape, 0.0, kernels::activation_unsupported,
        [=](Operands& operands) {
          kernels::ActivationForward p;
          p.input = operands.random(extents);
          p.bias = operands.random({extents[1]});
          p.kind = kernels::Activation::gelu;
          p.dropout = {.probability = 0.1F, .key = {.seed = 7}};
          p.derivative = operands.result(extents);
          p.output = operands.result(extents);
          return p;
        },
        kernels::activation, kernels::reference::activation<double>));
    cases.push_back(make_case<kernels::ActivationBackward>(
        "activation", "backward", shape, 0.0, kernels::activation_unsupported,
        [=](Operands& operands) {
          kernels::ActivationBackward p;
          p.derivative = operands.random(extents);
          p.grad_output = operands.random(extents);
          p.grad_input = operands.result(extents);
          p.grad_bias = operands.result({extents[1]});
          return p;
        },
        kernels::activation_backward, kernels::reference::activation_backward<double>));
  }
  return cases;
}

}  // namespace ebb::bench
