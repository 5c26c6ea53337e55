// Opcodes shared by integer, floating and half types.
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
static void op_arith(Lower& l) {
  if (!lower_half_arith(l) && !lower_fp_arith(l) && !lower_int_arith(l))
    l.bad("types not supported");
}
VGPU_OP(add, op_arith);
VGPU_OP(sub, op_arith);
VGPU_OP(mul, op_arith);
VGPU_OP(mad, op_arith);
VGPU_OP(fma, op_arith);
VGPU_OP(div, op_arith);
VGPU_OP(rem, op_arith);
VGPU_OP(min, op_arith);
VGPU_OP(max, op_arith);
VGPU_OP(abs, op_arith);
VGPU_OP(neg, op_arith);
}  // namespace vgpu
