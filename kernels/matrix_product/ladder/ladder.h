// The ladder of matrix products on CUDA, from the plainest to the fastest. Each rung takes every
// problem of the operands named beside it and gives the same bits on every run.
#pragma once

#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

/// `workspace`: workspace_bytes(p) of scratch memory.
void register_tiled(const Context& context, const Problem& p, float* workspace);  // f32

}  // namespace ebb::kernels::gemm
