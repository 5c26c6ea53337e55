// cublasLtMatrixTransform.
#include "tests/vgpu/src/blas/lt_desc.h"
using namespace vgblas;

// C = alpha op(A) + beta op(B), with conversions of type and order.
VGPU_API Status cublasLtMatrixTransform(cublasLtHandle_t h, cublasLtMatrixTransformDesc_t td,
                                        const void* alpha, const void* A, cublasLtMatrixLayout_t Ad,
                                        const void* beta, const void* B, cublasLtMatrixLayout_t Bd,
                                        void* C, cublasLtMatrixLayout_t Cd, cudaStream_t stream) {
  LT_HANDLE;
  if (!td || !Cd || (A && !Ad) || (B && !Bd) || !C || (!A && !B)) return BAD;
  auto& t = in<LtTransform>(td);
  auto& lc = in<LtLayout>(Cd);
  const LtLayout *la = A ? &in<LtLayout>(Ad) : nullptr, *lb = B ? &in<LtLayout>(Bd) : nullptr;
  const T s = type_of((cudaDataType_t)t.scale_type), c = type_of((cudaDataType_t)lc.type);
  const s64 m = (s64)lc.rows, n = (s64)lc.cols;
  if (t.pointer_mode != CUBLASLT_POINTER_MODE_HOST &&
      t.pointer_mode != CUBLASLT_POINTER_MODE_DEVICE)
    return UNSUP;
  if (s != T::F32 && s != T::F16 && s != T::I32) return UNSUP;
  const auto fit = [&](const LtLayout* l, int tr) -> Status {
    if (!l) return OK;
    if (l->order > CUBLASLT_ORDER_ROW || l->plane || type_of((cudaDataType_t)l->type) == T::None ||
        type_of((cudaDataType_t)l->type) == T::F64)
      return UNSUP;
    if ((s64)(tr ? l->cols : l->rows) != m || (s64)(tr ? l->rows : l->cols) != n ||
        l->ld < (s64)std::max<u64>(1, l->order == CUBLASLT_ORDER_ROW ? l->cols : l->rows) ||
        l->batch != lc.batch)
      return BAD;
    return OK;
  };
  for (Status r : {fit(la, t.trans_a), fit(lb, t.trans_b), fit(&lc, 0)})
    if (r) return r;
  if ((A && !alpha) || (B && !beta)) return BAD;
  if (!m || !n) return OK;
  Operand a, b, o = operand(lc, false, C, c);
  if (A) a = operand(*la, t.trans_a, A, type_of((cudaDataType_t)la->type));
  if (B) b = operand(*lb, t.trans_b, B, type_of((cudaDataType_t)lb->type));
  const bool device = t.pointer_mode == CUBLASLT_POINTER_MODE_DEVICE;
  const double ah = !device && A ? read_scalar(s, alpha) : 0,
               bh = !device && B ? read_scalar(s, beta) : 0;
  const s64 batch = lc.batch;
  const std::string who =
      format_text("cublas transform %lldx%lld %s", (long long)m, (long long)n, name_of(c));
  return submit(stream, who, 3.0 * m * n * batch, false, [=] {
    if (device && ((A && !reach(alpha, size_of(s), who, "alpha")) ||
                   (B && !reach(beta, size_of(s), who, "beta"))))
      return ILLEGAL_ADDRESS;
    const float av = (float)(device && A ? read_scalar(s, alpha) : ah),
                bv = (float)(device && B ? read_scalar(s, beta) : bh);
    const auto ok = [&](const Operand& x, const char* w) {
      return reach(x.p,
                   ((m - 1) * x.rs + (n - 1) * x.cs + 1 + (batch - 1) * x.stride) * size_of(x.t),
                   who, w);
    };
    if ((av != 0 && !ok(a, "A")) || (bv != 0 && !ok(b, "B")) || !ok(o, "C")) return ILLEGAL_ADDRESS;
    std::vector<float> v((size_t)m), w((size_t)m);
    const auto col = [&](const Operand& x, s64 i, s64 j) {
      return (u8*)x.p + (i * x.stride + j * x.cs) * size_of(x.t);
    };
    for (s64 x = 0; x < batch; x++)
      for (s64 j = 0; j < n; j++) {
        std::fill(v.begin(), v.end(), 0.f);
        if (av != 0) {
          load_f32(a.t, col(a, x, j), a.rs, m, w.data());
          for (s64 i = 0; i < m; i++) v[i] = av * w[i];
        }
        if (bv != 0) {
          load_f32(b.t, col(b, x, j), b.rs, m, w.data());
          for (s64 i = 0; i < m; i++) v[i] = std::fma(bv, w[i], v[i]);
        }
        store_f32(o.t, col(o, x, j), o.rs, m, v.data());
      }
    return 0;
  });
}
