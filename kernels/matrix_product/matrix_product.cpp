#include "kernels/matrix_product/matrix_product.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/matrix_product/matrix_product_backends.h"

namespace ebb::kernels {
namespace {

template <class Pointer>
void check_strides(std::string_view name, const BasicView<Pointer>& view) {
  const auto row_major = [&] { return view.strides[-1] == 1 || view.shape[-1] <= 1; };
  const auto column_major = [&] { return view.strides[-2] == 1 || view.shape[-2] <= 1; };
  if (row_major() || column_major()) return;
  fail("matrix_product: {} {} has strides {}, expected 1 for one of the last two dimensions", name,
       to_string(view.shape), to_string(view.strides));
}

void check(const MatrixProduct& p) {
  const OperandCheck check("matrix_product");
  const int rank = p.a.shape.rank();
  if (rank < 2 || p.b.shape.rank() != rank) {
    fail("matrix_product: a is {} and b is {}, expected [..., m, k] and [..., k, n] of one rank",
         to_string(p.a.shape), to_string(p.b.shape));
  }
  Shape b = p.a.shape;
  b[-2] = p.a.shape[-1];
  b[-1] = p.b.shape[-1];
  if (p.b.shape != b) {
    fail("matrix_product: b is {}, expected {} ([..., k, n] for a {})", to_string(p.b.shape),
         to_string(b), to_string(p.a.shape));
  }
  check.present("b", p.b);
  Shape output = p.a.shape;
  output[-1] = p.b.shape[-1];
  check.shape("output", p.output, output, "[..., m, n]");
  check.present("a", p.a);
  check.dtype("a", p.a, p.a.dtype);
  check.dtype("b", p.b, p.a.dtype);
  check.dtype("output", p.output, p.a.dtype);
  check_strides("a", p.a);
  check_strides("b", p.b);
  if (p.output.strides[-1] != 1 && output[-1] > 1) {
    fail("matrix_product: output {} has strides {}, expected 1 for the last dimension",
         to_string(output), to_string(p.output.strides));
  }
}

OperationCost cost(const MatrixProduct& p) {
  const auto k = static_cast<double>(p.a.shape[-1]);
  return {.flops = 2.0 * static_cast<double>(p.output.elements()) * k,
          .shape = {p.a.shape[-2], p.a.shape[-1], p.b.shape[-1]}};
}

}  // namespace

std::string matrix_product_unsupported(Device device, DType dtype) {
  const std::string reason = storage_kernels_unsupported(device, dtype);
  if constexpr (kBuiltWithCuda) {
    if (reason.empty() && device.is_cuda()) return cuda::matrix_product_unsupported(device, dtype);
  }
  return reason;
}

void matrix_product(Context& context, const MatrixProduct& parameters) {
  require_supported("matrix_product",
                    matrix_product_unsupported(context.device(), parameters.a.dtype));
  check(parameters);
  const ProfileScope scope(context, "matrix_product", [&] { return cost(parameters); });
  run_on_device<cpu::matrix_product, cuda::matrix_product>(context, parameters);
}

}  // namespace ebb::kernels
