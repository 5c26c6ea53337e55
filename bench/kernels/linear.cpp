#include "kernels/linear/linear.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"

namespace ebb::bench {
namespace {

struct LinearShape {
  std::int64_t rows, in, out;
};

/// As the first layer of an encoder's feed-forward part.
kernels::LinearForward forward(Operands& operands, const LinearShape& s) {
  kernels::LinearForward p;
  p.input = operands.random({s.rows, s.in});
  p.weight = operands.random({s.out, s.in}, 0.1);
  p.bias = operands.random({s.out});
  p.activation = kernels::Activation::gelu;
  p.dropout = {.probability = 0.1F, .key = {.seed = 7}};
  p.derivative = operands.result({s.rows, s.out});
  p.output = operands.result({s.rows, s.out});
  return p;
}

kernels::LinearBackward backward(Operands& operands, const LinearShape& s) {
  kernels::LinearBackward p;
  p.input = operands.random({s.rows, s.in});
  p.weight = operands.random({s.out, s.in}, 0.1);
  p.derivative = operands.random({s.rows, s.out});
  p.grad_output = operands.random({s.rows, s.out});
  p.grad_pre_activation = operands.result({s.rows, s.out});
  p.grad_input = operands.result({s.rows, s.in});
  p.grad_weight = operands.result({s.out, s.in});
  p.grad_bias = operands.result({s.out});
  return p;
}

/// The layer on the host: its f64 is the oracle.
template <auto kKernel, class Parameters>
void on_host(const Parameters& parameters) {
  Context host;
  kKernel(host, parameters);
}

}  // namespace

std::vector<KernelCase> linear_cases() {
  std::vector<KernelCase> cases;
  for (const LinearShape& s : {LinearShape{5120, 64, 256}, LinearShape{5120, 256, 64},
                               // Enough tiles of 128 x 128 forward (fits_large_tiles).
                               LinearShape{2048, 128, 1024}}) {
    const std::string shape = fmt::format("{}x{}x{}", s.rows, s.in, s.out);
    const double flops = 2.0 * static_cast<double>(s.rows * s.in * s.out);
    cases.push_back(make_case<kernels::LinearForward>(
        "linear", "forward", shape, flops, kernels::linear_unsupported,
        [=](Operands& operands) { return forward(operands, s); }, kernels::linear,
        on_host<kernels::linear, kernels::LinearForward>));
    cases.push_back(make_case<kernels::LinearBackward>(
        "linear", "backward", shape, 2.0 * flops, kernels::linear_unsupported,
        [=](Operands& operands) { return backward(operands, s); }, kernels::linear_backward,
        on_host<kernels::linear_backward, kernels::LinearBackward>));
  }
  return cases;
}

}  // namespace ebb::bench
