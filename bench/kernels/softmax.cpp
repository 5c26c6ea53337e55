#include "kernels/softmax/softmax.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/softmax/softmax_reference.h"

namespace ebb::bench {

std::vector<KernelCase> softmax_cases() {
  std::vector<KernelCase> cases;
  for (const auto& [rows, columns] : {std::pair{20480, 20}, {8192, 512}, {64, 65536}}) {
    const std::string shape = fmt::format("{}x{}", rows, columns);
    const Shape extents{rows, columns};
    cases.push_back(make_case<kernels::SoftmaxForward>(
        "softmax", "forward", shape, 0.0, kernels::softmax_unsupported,
        [=](Operands& operands) {
          return kernels::SoftmaxForward{operands.random(extents), operands.result(extents)};
        },
        kernels::softmax, kernels::reference::softmax<double>));
    cases.push_back(make_case<kernels::SoftmaxBackward>(
        "softmax", "backward", shape, 0.0, kernels::softmax_unsupported,
        [=](Operands& operands) {
          return kernels::SoftmaxBackward{operands.random(extents), operands.random(extents),
                                          operands.result(extents)};
        },
        kernels::softmax_backward, kernels::reference::softmax_backward<double>));
  }
  return cases;
}

}  // namespace ebb::bench
