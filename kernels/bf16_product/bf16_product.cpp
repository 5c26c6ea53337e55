#include "kernels/bf16_product/bf16_product.h"

#include "kernels/bf16_product/bf16_product_backends.h"
#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/instruction_set.h"
#include "kernels/common/support.h"

namespace ebb::kernels {
namespace {

bool is_transposed(const ConstView& view) {
  return view.shape.rank() == 2 && !view.contiguous() &&
         ConstView(view.data, view.dtype, Shape{view.shape[1], view.shape[0]},
                   Shape{view.strides[1], view.strides[0]})
             .contiguous();
}

void check(const Bf16Product& p) {
  const OperandCheck check("bf16_product");
  const bool packed = p.packed_b != nullptr;
  if (p.a.shape.rank() != 2 || (!packed && p.b.shape.rank() != 2)) {
    fail("bf16_product: a is {} and b is {}, expected [m, k] and [k, n]", to_string(p.a.shape),
         to_string(p.b.shape));
  }
  const Shape b = packed ? Shape{p.packed_b->k(), p.packed_b->n()} : p.b.shape;
  if (b[0] != p.a.shape[1]) {
    fail("bf16_product: b is {}, expected [{}, n] (for a {})", to_string(b), p.a.shape[1],
         to_string(p.a.shape));
  }
  check.present("a", p.a);
  check.dtype("a", p.a, DType::bf16);
  if (!is_transposed(p.a)) check.contiguous("a", p.a);
  if (!packed) check.dense("b", p.b, DType::bf16, b, "[k, n]");
  check.dense("output", p.output, DType::f32, Shape{p.a.shape[0], b[1]}, "[m, n]");
}

}  // namespace

std::string bf16_product_unsupported(Device device) {
  if (device.is_cuda()) {
    const std::string reason = storage_kernels_unsupported(device, DType::bf16);
    if constexpr (kBuiltWithCuda) {
      if (reason.empty()) return cuda::bf16_product_unsupported(device);
    }
    return reason;
  }
  if (active_bf16_unit() != Bf16Unit::none) return {};
  if (supported_instruction_sets().back() != active_instruction_set()) {
    return fmt::format(
        "needs AVX-512 BF16 or AMX, and EBB_ISA={} leaves both out: unset it, or use f32",
        name_of(active_instruction_set()));
  }
  return "needs AVX-512 BF16 or AMX, which this processor lacks: use f32";
}

void round_to_bf16(Context& context, const RoundToBf16& p) {
  const OperandCheck check("round_to_bf16");
  check.dense("input", p.input, DType::f32, p.input.shape, "any");
  check.dense("output", p.output, DType::bf16, p.input.shape, "as input");
  run_on_device<cpu::round_to_bf16, cuda::round_to_bf16>(context, p);
}

void bf16_product(Context& context, const Bf16Product& parameters) {
  require_supported("bf16_product", bf16_product_unsupported(context.device()));
  check(parameters);
  run_on_device<cpu::bf16_product, cuda::bf16_product>(context, parameters);
}

}  // namespace ebb::kernels
