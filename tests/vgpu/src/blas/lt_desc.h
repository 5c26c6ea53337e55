// What is inside cublasLt's opaque descriptors.
#pragma once
#include "tests/vgpu/src/blas/blas.h"
#include "tests/vgpu/src/blas/matmul.h"
namespace vgblas {
struct LtLayout {
  u32 type;
  s32 order;
  u64 rows, cols;
  s64 ld;
  s32 batch;
  u32 mode;
  s64 stride, plane;
};
struct LtDesc {
  s32 compute, scale_type, pointer_mode, trans_a, trans_b, trans_c, fill;
  u32 epilogue;
  void* bias;
  s64 bias_stride;
  void* aux;
  s64 aux_ld, aux_stride, alpha_stride;
  s32 sm_target, unnamed16;
  void *scale_a, *scale_b, *scale_c, *scale_d, *amax_d, *scale_aux, *amax_aux, *d_out_scale,
      *emulation;
  s32 aux_type, bias_type;
  s8 fast_accum;
  s32 mode_a, mode_b, mode_c, mode_d, mode_aux, mode_d_out;
};
struct LtPreference {
  u32 search, reduction_mask;
  u64 max_workspace;
  u32 align[4];
  float max_waves;
  u64 impl_mask;
};
struct LtAlgo {
  s32 id;
  u32 tile;
  s32 split_k;
  u32 reduction, swizzle, custom, stages;
  u16 inner, cluster;
  u32 magic;
  u8 compute, scale, types[4];
};
constexpr u32 kAlgoMagic = 0x6f676c61;
struct LtTransform {
  s32 scale_type, pointer_mode, trans_a, trans_b;
};
static_assert(sizeof(LtLayout) <= sizeof(cublasLtMatrixLayoutOpaque_t) &&
              sizeof(LtDesc) <= sizeof(cublasLtMatmulDescOpaque_t) &&
              sizeof(LtPreference) <= sizeof(cublasLtMatmulPreferenceOpaque_t) &&
              sizeof(LtAlgo) <= sizeof(cublasLtMatmulAlgo_t));
template <class X, class P>
X& in(P p) {
  return *(X*)p;
}

// Attribute -> place and size inside a descriptor; size 0: there is no such attribute.
struct Field {
  size_t offset;
  size_t size;
};
inline Status set_field(void* d, Field f, const void* buf, size_t n) {
  if (!d || !buf || !f.size || n != f.size) return BAD;
  memcpy((u8*)d + f.offset, buf, n);
  return OK;
}
inline Status get_field(const void* d, Field f, void* buf, size_t n, size_t* written) {
  if (!d || !f.size) return BAD;
  if (!n) {
    if (!written) return BAD;
    *written = f.size;
    return OK;
  }
  if (written) *written = f.size;
  if (!buf || n != f.size) return BAD;
  memcpy(buf, (const u8*)d + f.offset, n);
  return OK;
}

// The matrix that a layout describes.
inline Operand operand(const LtLayout& l, bool trans, const void* p, T t) {
  const bool row = l.order == CUBLASLT_ORDER_ROW;
  s64 rs = row ? l.ld : 1, cs = row ? 1 : l.ld;
  if (trans) std::swap(rs, cs);
  return {p, t, rs, cs, l.stride, l.mode == CUBLASLT_BATCH_MODE_POINTER_ARRAY};
}
}  // namespace vgblas

#define LT_HANDLE \
  if (!handle_of(h, true)) return CUBLAS_STATUS_NOT_INITIALIZED
