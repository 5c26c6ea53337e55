#include "kernels/layer_norm/layer_norm.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/layer_norm/layer_norm_reference.h"

namespace ebb::bench {
namespace {

/// With residual and dropout, as in an encoder layer.
kernels::LayerNormForward forward(Operands& operands, std::int64_t rows, std::int64_t columns) {
  kernels::LayerNormForward p;
  p.input = operands.random({rows, columns});
  p.residual = operands.random({rows, columns});
  p.dropout = {.probability = 0.1F, .key = {.seed = 7}};
  p.gamma = operands.random({columns});
  p.beta = operands.random({columns});
  p.sum = operands.result({rows, columns});
  p.output = operands.result({rows, columns});
  p.mean = operands.result_as(operands.statistic(), {rows});
  p.inverse_deviation = operands.result_as(operands.statistic(), {rows});
  return p;
}

kernels::LayerNormBackward backward(Operands& operands, std::int64_t rows, std::int64_t columns) {
  kernels::LayerNormBackward p;
  p.sum = operands.random({rows, columns});
  p.gamma = operands.random({columns});
  p.mean = operands.random_as(operands.statistic(), {rows}, 0.1);
  p.inverse_deviation = operands.random_as(operands.statistic(), {rows}, 0.1, 1.0);
  p.grad_output = operands.random({rows, columns});
  p.grad_sum = operands.random({rows, columns});
  p.dropout = {.probability = 0.1F, .key = {.seed = 7}};
  p.grad_residual = operands.result({rows, columns});
  p.grad_input = operands.result({rows, columns});
  p.grad_gamma = operands.result({columns});
  p.grad_beta = operands.result({columns});
  return p;
}

}  // namespace

std::vector<KernelCase> layer_norm_cases() {
  std::vector<KernelCase> cases;
  for (const auto& [rows, columns] :
       {std::pair{5120, 64}, {5120, 192}, {4096, 1024}, {512, 8192}}) {
    const std::string shape = fmt::format("{}x{}", rows, columns);
    cases.push_back(make_case<kernels::LayerNormForward>(
        "layer_norm", "forward", shape, 0.0, kernels::layer_norm_unsupported,
        [=](Operands& operands) { return forward(operands, rows, columns); }, kernels::layer_norm,
        kernels::reference::layer_norm<double>));
    cases.push_back(make_case<kernels::LayerNormBackward>(
        "layer_norm", "backward", shape, 0.0, kernels::layer_norm_unsupported,
        [=](Operands& operands) { return backward(operands, rows, columns); },
        kernels::layer_norm_backward, kernels::reference::layer_norm_backward<double>));
  }
  return cases;
}

}  // namespace ebb::bench
