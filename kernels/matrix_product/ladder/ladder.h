// The ladder of matrix products on CUDA, from the plainest rung to the fastest. A rung takes every
// problem of the operands named beside it and gives the same bits on every run. `workspace`:
// workspace_bytes(p) of scratch memory.
//
//   naive            a thread per element, operands from memory            any storage type
//   tiled            tiles of 32 x 32 in shared memory, one element each   any storage type
//   register_tiled   4 x 8 or 8 x 8 elements per thread                    f32; in production
//   tensor_core      mma.sync, three stages of cp.async                    halves; in production
// `ebb_bench_kernels --contenders` measures them side by side (matrix_product:naive and so on).
#pragma once

#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

void naive(const Context& context, const Problem& p);
void tiled(const Context& context, const Problem& p);
void register_tiled(const Context& context, const Problem& p, float* workspace);
/// Needs compute capability 8.0.
void tensor_core_bf16(const Context& context, const Problem& p, float* workspace);
void tensor_core_f16(const Context& context, const Problem& p, float* workspace);

// The sums of the parts of k alone, [parts, pairs, m, n].
void register_tiled_parts(const Context& context, const Problem& p, const Split& split,
                          float* sums);
void tensor_core_bf16_parts(const Context& context, const Problem& p, const Split& split,
                            float* sums);
void tensor_core_f16_parts(const Context& context, const Problem& p, const Split& split,
                           float* sums);

/// The rung in production for the operands' dtype.
inline void best_rung(const Context& context, const Problem& p, float* workspace) {
  if (p.a.dtype == DType::f32) return register_tiled(context, p, workspace);
  if (p.a.dtype == DType::bf16) return tensor_core_bf16(context, p, workspace);
  tensor_core_f16(context, p, workspace);
}

inline void best_rung_parts(const Context& context, const Problem& p, const Split& split,
                            float* sums) {
  if (p.a.dtype == DType::f32) return register_tiled_parts(context, p, split, sums);
  if (p.a.dtype == DType::bf16) return tensor_core_bf16_parts(context, p, split, sums);
  tensor_core_f16_parts(context, p, split, sums);
}

}  // namespace ebb::kernels::gemm
