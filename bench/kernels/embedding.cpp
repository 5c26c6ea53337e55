#include "kernels/embedding/embedding.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/embedding/embedding_reference.h"

namespace ebb::bench {

std::vector<KernelCase> embedding_cases() {
  std::vector<KernelCase> cases;
  for (const auto& [count, dim, rows] :
       {std::tuple{40, 64, 5120}, {5000, 192, 16384}, {100000, 64, 16384}}) {
    const std::string shape = fmt::format("{}x{}x{}", count, dim, rows);
    const Shape table{count, dim};
    const Shape gathered{rows, dim};
    cases.push_back(make_case<kernels::EmbeddingForward>(
        "embedding", "forward", shape, 0.0, kernels::embedding_unsupported,
        [=](Operands& operands) {
          return kernels::EmbeddingForward{operands.random(table),
                                           operands.indices({gathered[0]}, table[0]),
                                           operands.result(gathered)};
        },
        kernels::embedding, kernels::reference::embedding<double>));
    cases.push_back(make_case<kernels::EmbeddingBackward>(
        "embedding", "backward", shape, 0.0, kernels::embedding_unsupported,
        [=](Operands& operands) {
          return kernels::EmbeddingBackward{operands.indices({gathered[0]}, table[0]),
                                            operands.random(gathered), operands.result(table)};
        },
        kernels::embedding_backward, kernels::reference::embedding_backward<double>));
  }
  return cases;
}

}  // namespace ebb::bench
