#include "kernels/unary/unary.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/unary/unary_reference.h"

namespace ebb::bench {
namespace {

constexpr auto kFunction = kernels::UnaryFunction::exponential;

void forward_oracle(const kernels::UnaryForward& p) {
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    p.output.as<double>()[i] = kernels::reference::unary(p.function, p.input.as<double>()[i]);
  }
}

void backward_oracle(const kernels::UnaryBackward& p) {
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    const double derivative = kernels::reference::unary_derivative(
        p.function, p.input.as<double>()[i], p.output.as<double>()[i]);
    p.grad_input.as<double>()[i] = derivative * p.grad_output.as<double>()[i];
  }
}

}  // namespace

std::vector<KernelCase> unary_cases() {
  std::vector<KernelCase> cases;
  for (const std::int64_t elements : {1 << 16, 1 << 22}) {
    const std::string shape = fmt::format("{}", elements);
    cases.push_back(make_case<kernels::UnaryForward>(
        "unary", "forward", shape, 0.0, kernels::unary_unsupported,
        [=](Operands& operands) {
          return kernels::UnaryForward{kFunction, operands.random({elements}),
                                       operands.result({elements})};
        },
        kernels::unary, forward_oracle));
    cases.push_back(make_case<kernels::UnaryBackward>(
        "unary", "backward", shape, 0.0, kernels::unary_unsupported,
        [=](Operands& operands) {
          return kernels::UnaryBackward{kFunction, operands.random({elements}),
                                        operands.random({elements}), operands.random({elements}),
                                        operands.result({elements})};
        },
        kernels::unary_backward, backward_oracle));
  }
  return cases;
}

}  // namespace ebb::bench
