#include "kernels/bf16_product/bf16_product.h"

#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/matrix_product/matrix_product_reference.h"

namespace ebb::bench {
namespace {

struct ProductShape {
  std::int64_t m, n, k;
};

/// bf16 by bf16 to f32. `b` in f32 where it is to be packed.
kernels::Bf16Product operands_of(const ProductShape& s, Operands& operands, bool packed) {
  kernels::Bf16Product p;
  p.a = operands.random({s.m, s.k});
  p.b = operands.random_as(packed ? operands.statistic() : operands.dtype(), {s.k, s.n});
  p.output = operands.result_as(operands.statistic(), {s.m, s.n});
  return p;
}

KernelCase product_case(const ProductShape& s, bool packed) {
  KernelCase made;
  made.operation = "bf16_product";
  made.direction = packed ? "packed" : "plain";
  made.shape = fmt::format("{}x{}x{}", s.m, s.n, s.k);
  made.flops = 2.0 * static_cast<double>(s.m * s.n * s.k);
  made.unsupported = [packed](Device device, DType dtype) -> std::string {
    if (dtype != DType::bf16) return "operands are bf16";
    if (packed && device.is_cuda()) return "nothing is packed there";
    return kernels::bf16_product_unsupported(device);
  };
  made.kernel = [s, packed](Operands& operands) -> std::function<void(Context&)> {
    kernels::Bf16Product p = operands_of(s, operands, packed);
    std::shared_ptr<kernels::PackedMatrix> matrix;
    if (packed) {
      Context host;
      matrix = std::make_shared<kernels::PackedMatrix>(s.k, s.n);
      matrix->pack(host, p.b);
      p.packed_b = matrix.get();
      p.b = {};
    }
    return [p, matrix](Context& context) { kernels::bf16_product(context, p); };
  };
  made.oracle = [s, packed](Operands& operands) {
    const kernels::Bf16Product p = operands_of(s, operands, packed);
    kernels::reference::matrix_product<double>({p.a, p.b, p.output, false});
  };
  return made;
}

}  // namespace

std::vector<KernelCase> bf16_product_cases() {
  std::vector<KernelCase> cases;
  for (const ProductShape& s : {ProductShape{5120, 64, 64}, ProductShape{5120, 192, 192}}) {
    cases.push_back(product_case(s, false));
    cases.push_back(product_case(s, true));
  }
  return cases;
}

}  // namespace ebb::bench
