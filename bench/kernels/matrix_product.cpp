#include "kernels/matrix_product/matrix_product.h"

#include <fmt/format.h>

#include "bench/kernels/product_contenders.h"
#include "bench/kernels/suite.h"
#include "kernels/matrix_product/matrix_product_reference.h"

namespace ebb::bench {
namespace {

/// [m, k] x [k, n], where `transposed_a` lies in memory as [k, m]: forward and weight gradients.
struct ProductShape {
  std::int64_t m, n, k;
  bool transposed_a;
};

using Multiply = void(Context&, const kernels::MatrixProduct&);

KernelCase product_case(const ProductShape& s, Multiply* multiply) {
  return make_case<kernels::MatrixProduct>(
      "matrix_product", s.transposed_a ? "transposed" : "plain",
      fmt::format("{}x{}x{}", s.m, s.n, s.k), 2.0 * static_cast<double>(s.m * s.n * s.k),
      kernels::matrix_product_unsupported,
      [s](Operands& operands) {
        kernels::MatrixProduct p;
        const View a = operands.random(s.transposed_a ? Shape{s.k, s.m} : Shape{s.m, s.k});
        p.a =
            s.transposed_a ? ConstView(View(a.data, a.dtype, {s.m, s.k}, {1, s.m})) : ConstView(a);
        p.b = operands.random({s.k, s.n});
        p.output = operands.result({s.m, s.n});
        return p;
      },
      multiply, kernels::reference::matrix_product<double>);
}

}  // namespace

std::vector<KernelCase> matrix_product_cases() {
  std::vector<KernelCase> cases;
  for (const ProductShape& s :
       {ProductShape{5120, 64, 64, false}, ProductShape{5120, 256, 64, false},
        ProductShape{5120, 192, 192, false}, ProductShape{64, 256, 5120, true},
        ProductShape{192, 192, 5120, true}, ProductShape{1024, 1024, 1024, false}}) {
    cases.push_back(product_case(s, kernels::matrix_product));
    if constexpr (kBuiltWithCuda) {
      cases.push_back(contender(product_case(s, own_product), "own"));
      cases.push_back(contender(product_case(s, cublaslt_product), "cublaslt"));
    }
  }
  return cases;
}

}  // namespace ebb::bench
