#include "kernels/unary/unary.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/unary/unary_reference.h"

namespace ebb::bench {
namespace {

struct Function {
  kernels::UnaryFunction function;
  const char* name;
};

/// Around 4, far from 0, where logarithms and reciprocals have no bounds.
View positive(Operands& operands, std::int64_t elements) {
  return operands.random({elements}, 0.5, 4.0);
}

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

KernelCase forward_case(const Function& function, std::int64_t elements) {
  return make_case<kernels::UnaryForward>(
      "unary", function.name, fmt::format("{}", elements), 0.0, kernels::unary_unsupported,
      [=](Operands& operands) {
        return kernels::UnaryForward{function.function, positive(operands, elements),
                                     operands.result({elements})};
      },
      kernels::unary, forward_oracle);
}

/// A derivative needs the input of the forward direction or its output, of which one is read: here
/// both are the same numbers, so that they count once.
KernelCase backward_case(const Function& function, std::int64_t elements) {
  return make_case<kernels::UnaryBackward>(
      "unary", fmt::format("{} backward", function.name), fmt::format("{}", elements), 0.0,
      kernels::unary_unsupported,
      [=](Operands& operands) {
        const View known = positive(operands, elements);
        return kernels::UnaryBackward{function.function, known, known, operands.random({elements}),
                                      operands.result({elements})};
      },
      kernels::unary_backward, backward_oracle);
}

}  // namespace

std::vector<KernelCase> unary_cases() {
  using kernels::UnaryFunction;
  std::vector<KernelCase> cases;
  for (const Function& function : {Function{UnaryFunction::exponential, "exponential"},
                                   Function{UnaryFunction::logarithm, "logarithm"},
                                   Function{UnaryFunction::square_root, "square root"},
                                   Function{UnaryFunction::reciprocal, "reciprocal"}}) {
    for (const std::int64_t elements : {1 << 16, 1 << 22}) {
      cases.push_back(forward_case(function, elements));
      cases.push_back(backward_case(function, elements));
    }
  }
  return cases;
}

}  // namespace ebb::bench
