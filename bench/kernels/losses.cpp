// The losses, each with its gradient in the same pass.
#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/binary_cross_entropy/binary_cross_entropy_reference.h"
#include "kernels/cross_entropy/cross_entropy_reference.h"
#include "kernels/mean_squared_error/mean_squared_error_reference.h"

namespace ebb::bench {
namespace {

KernelCase binary_cross_entropy_case(std::int64_t rows) {
  return make_case<kernels::BinaryCrossEntropy>(
      "binary_cross_entropy", "both", fmt::format("{}", rows), 0.0,
      kernels::binary_cross_entropy_unsupported,
      [=](Operands& operands) {
        kernels::BinaryCrossEntropy p;
        p.logits = operands.random({rows});
        p.targets = operands.random({rows}, 0.1, 0.5);
        p.loss = operands.result_as(operands.statistic(), {});
        p.grad_logits = operands.result({rows});
        return p;
      },
      kernels::binary_cross_entropy, kernels::reference::binary_cross_entropy<double>);
}

KernelCase cross_entropy_case(std::int64_t rows, std::int64_t classes) {
  return make_case<kernels::CrossEntropy>(
      "cross_entropy", "both", fmt::format("{}x{}", rows, classes), 0.0,
      kernels::cross_entropy_unsupported,
      [=](Operands& operands) {
        kernels::CrossEntropy p;
        p.logits = operands.random({rows, classes});
        p.targets = operands.indices({rows}, classes);
        p.loss = operands.result_as(operands.statistic(), {});
        p.grad_logits = operands.result({rows, classes});
        return p;
      },
      kernels::cross_entropy, kernels::reference::cross_entropy<double>);
}

KernelCase mean_squared_error_case(std::int64_t elements) {
  return make_case<kernels::MeanSquaredError>(
      "mean_squared_error", "both", fmt::format("{}", elements), 0.0,
      kernels::mean_squared_error_unsupported,
      [=](Operands& operands) {
        kernels::MeanSquaredError p;
        p.prediction = operands.random({elements});
        p.target = operands.random({elements});
        p.loss = operands.result_as(operands.statistic(), {});
        p.grad_prediction = operands.result({elements});
        return p;
      },
      kernels::mean_squared_error, kernels::reference::mean_squared_error<double>);
}

}  // namespace

std::vector<KernelCase> loss_cases() {
  return {binary_cross_entropy_case(1 << 10), binary_cross_entropy_case(1 << 22),
          cross_entropy_case(1 << 14, 10), cross_entropy_case(1 << 10, 5000),
          mean_squared_error_case(1 << 22)};
}

}  // namespace ebb::bench
