#include "kernels/matrix_product/matrix_product.h"

#include <algorithm>

#include <fmt/format.h>

#include "bench/kernels/product_contenders.h"
#include "bench/kernels/suite.h"
#include "kernels/common/blocks.h"
#include "kernels/matrix_product/matrix_product_reference.h"

namespace ebb::bench {
namespace {

/// [m, k] x [k, n], where `transposed_a` lies in memory as [k, m]: forward and weight gradients.
struct ProductShape {
  std::int64_t m, n, k;
  bool transposed_a = false;
  bool large = false;

  /// Which rows are compared with the oracle's, a plain loop: as many as take it a part of a
  /// second.
  std::int64_t every() const { return std::max<std::int64_t>(1, m * n * k >> 27); }
};

using Multiply = void(Context&, const kernels::MatrixProduct&);

kernels::MatrixProduct operands_of(const ProductShape& s, Operands& operands) {
  kernels::MatrixProduct p;
  const View a = operands.random(s.transposed_a ? Shape{s.k, s.m} : Shape{s.m, s.k});
  p.a = s.transposed_a ? ConstView(View(a.data, a.dtype, {s.m, s.k}, {1, s.m})) : ConstView(a);
  p.b = operands.random({s.k, s.n});
  p.output = operands.sampled_result({s.m, s.n}, s.every());
  return p;
}

/// The rows of the product that are compared.
void oracle(const ProductShape& s, Operands& operands) {
  kernels::MatrixProduct p = operands_of(s, operands);
  p.a.shape[0] = p.output.shape[0] = blocks_of(s.m, s.every());
  p.a.strides[0] *= s.every();
  p.output.strides[0] *= s.every();
  kernels::reference::matrix_product<double>(p);
}

KernelCase product_case(const ProductShape& s, Multiply* multiply) {
  KernelCase made;
  made.operation = "matrix_product";
  made.direction = s.transposed_a ? "transposed" : "plain";
  made.shape = fmt::format("{}x{}x{}", s.m, s.n, s.k);
  made.flops = 2.0 * static_cast<double>(s.m * s.n * s.k);
  made.large = s.large;
  made.unsupported = kernels::matrix_product_unsupported;
  made.kernel = [s, multiply](Operands& operands) -> std::function<void(Context&)> {
    return [p = operands_of(s, operands), multiply](Context& context) { multiply(context, p); };
  };
  made.oracle = [s](Operands& operands) { oracle(s, operands); };
  return made;
}

}  // namespace

std::vector<KernelCase> matrix_product_cases() {
  std::vector<KernelCase> cases;
  for (const ProductShape& s :
       {ProductShape{5120, 64, 64}, ProductShape{5120, 256, 64}, ProductShape{5120, 192, 192},
        ProductShape{64, 256, 5120, true}, ProductShape{192, 192, 5120, true},
        ProductShape{1024, 1024, 1024},
        // The smallest with tiles of 128 x 128 (fits_large_tiles), in both directions.
        ProductShape{2048, 1024, 256}, ProductShape{1024, 2048, 256, true},
        ProductShape{4096, 4096, 4096, false, true}}) {
    cases.push_back(product_case(s, kernels::matrix_product));
    if constexpr (kBuiltWithCuda) {
      cases.push_back(contender(product_case(s, own_product), "own"));
      cases.push_back(contender(product_case(s, cublaslt_product), "cublaslt"));
      if (s.large) continue;
      cases.push_back(contender(product_case(s, tiled_product), "tiled"));
      cases.push_back(contender(product_case(s, naive_product), "naive"));
    }
  }
  return cases;
}

}  // namespace ebb::bench
