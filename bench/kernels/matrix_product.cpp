#include "kernels/matrix_product/matrix_product.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/matrix_product/matrix_product_reference.h"

namespace ebb::bench {
namespace {

/// [m, k] x [k, n], where `transposed_a` lies in memory as [k, m]: forward and weight gradients.
KernelCase product_case(std::int64_t m, std::int64_t n, std::int64_t k, bool transposed_a) {
  return make_case<kernels::MatrixProduct>(
      "matrix_product", transposed_a ? "transposed" : "plain", fmt::format("{}x{}x{}", m, n, k),
      2.0 * static_cast<double>(m * n * k), kernels::matrix_product_unsupported,
      [=](Operands& operands) {
        kernels::MatrixProduct p;
        const View a = operands.random(transposed_a ? Shape{k, m} : Shape{m, k});
        p.a = transposed_a ? ConstView(View(a.data, a.dtype, {m, k}, {1, m})) : ConstView(a);
        p.b = operands.random({k, n});
        p.output = operands.result({m, n});
        return p;
      },
      kernels::matrix_product, kernels::reference::matrix_product<double>);
}

}  // namespace

std::vector<KernelCase> matrix_product_cases() {
  return {product_case(5120, 64, 64, false),   product_case(5120, 256, 64, false),
          product_case(5120, 192, 192, false), product_case(64, 256, 5120, true),
          product_case(192, 192, 5120, true),  product_case(1024, 1024, 1024, false)};
}

}  // namespace ebb::bench
