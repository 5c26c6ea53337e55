// cublasLt's handle and descriptors.
#include "tests/vgpu/src/blas/lt_desc.h"
using namespace vgblas;
namespace {
#define F(s, m) \
  Field { offsetof(s, m), sizeof(s::m) }
Field layout_field(int a) {
  switch (a) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE:
      return F(LtLayout, type);
    case CUBLASLT_MATRIX_LAYOUT_ORDER:
      return F(LtLayout, order);
    case CUBLASLT_MATRIX_LAYOUT_ROWS:
      return F(LtLayout, rows);
    case CUBLASLT_MATRIX_LAYOUT_COLS:
      return F(LtLayout, cols);
    case CUBLASLT_MATRIX_LAYOUT_LD:
      return F(LtLayout, ld);
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
      return F(LtLayout, batch);
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
      return F(LtLayout, stride);
    case CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET:
      return F(LtLayout, plane);
    case CUBLASLT_MATRIX_LAYOUT_BATCH_MODE:
      return F(LtLayout, mode);
    default:
      return {};
  }
}
Field desc_field(int a) {
  switch (a) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
      return F(LtDesc, compute);
    case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
      return F(LtDesc, scale_type);
    case CUBLASLT_MATMUL_DESC_POINTER_MODE:
      return F(LtDesc, pointer_mode);
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return F(LtDesc, trans_a);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return F(LtDesc, trans_b);
    case CUBLASLT_MATMUL_DESC_TRANSC:
      return F(LtDesc, trans_c);
    case CUBLASLT_MATMUL_DESC_FILL_MODE:
      return F(LtDesc, fill);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return F(LtDesc, epilogue);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return F(LtDesc, bias);
    case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE:
      return F(LtDesc, bias_stride);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
      return F(LtDesc, aux);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD:
      return F(LtDesc, aux_ld);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE:
      return F(LtDesc, aux_stride);
    case CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE:
      return F(LtDesc, alpha_stride);
    case CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET:
      return F(LtDesc, sm_target);
    case 16:
      return F(LtDesc, unnamed16);
    case CUBLASLT_MATMUL_DESC_A_SCALE_POINTER:
      return F(LtDesc, scale_a);
    case CUBLASLT_MATMUL_DESC_B_SCALE_POINTER:
      return F(LtDesc, scale_b);
    case CUBLASLT_MATMUL_DESC_C_SCALE_POINTER:
      return F(LtDesc, scale_c);
    case CUBLASLT_MATMUL_DESC_D_SCALE_POINTER:
      return F(LtDesc, scale_d);
    case CUBLASLT_MATMUL_DESC_AMAX_D_POINTER:
      return F(LtDesc, amax_d);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE:
      return F(LtDesc, aux_type);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER:
      return F(LtDesc, scale_aux);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER:
      return F(LtDesc, amax_aux);
    case CUBLASLT_MATMUL_DESC_FAST_ACCUM:
      return F(LtDesc, fast_accum);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
      return F(LtDesc, bias_type);
    case CUBLASLT_MATMUL_DESC_A_SCALE_MODE:
      return F(LtDesc, mode_a);
    case CUBLASLT_MATMUL_DESC_B_SCALE_MODE:
      return F(LtDesc, mode_b);
    case CUBLASLT_MATMUL_DESC_C_SCALE_MODE:
      return F(LtDesc, mode_c);
    case CUBLASLT_MATMUL_DESC_D_SCALE_MODE:
      return F(LtDesc, mode_d);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_MODE:
      return F(LtDesc, mode_aux);
    case CUBLASLT_MATMUL_DESC_D_OUT_SCALE_POINTER:
      return F(LtDesc, d_out_scale);
    case CUBLASLT_MATMUL_DESC_D_OUT_SCALE_MODE:
      return F(LtDesc, mode_d_out);
    case CUBLASLT_MATMUL_DESC_EMULATION_DESCRIPTOR:
      return F(LtDesc, emulation);
    default:
      return {};
  }
}
Field preference_field(int a) {
  switch (a) {
    case CUBLASLT_MATMUL_PREF_SEARCH_MODE:
      return F(LtPreference, search);
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return F(LtPreference, max_workspace);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return F(LtPreference, reduction_mask);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      return F(LtPreference, align[0]);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      return F(LtPreference, align[1]);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      return F(LtPreference, align[2]);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return F(LtPreference, align[3]);
    case CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT:
      return F(LtPreference, max_waves);
    case CUBLASLT_MATMUL_PREF_IMPL_MASK:
      return F(LtPreference, impl_mask);
    default:
      return {};
  }
}
Field algo_field(int a) {
  switch (a) {
    case CUBLASLT_ALGO_CONFIG_ID:
      return F(LtAlgo, id);
    case CUBLASLT_ALGO_CONFIG_TILE_ID:
      return F(LtAlgo, tile);
    case CUBLASLT_ALGO_CONFIG_SPLITK_NUM:
      return F(LtAlgo, split_k);
    case CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME:
      return F(LtAlgo, reduction);
    case CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING:
      return F(LtAlgo, swizzle);
    case CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION:
      return F(LtAlgo, custom);
    case CUBLASLT_ALGO_CONFIG_STAGES_ID:
      return F(LtAlgo, stages);
    case CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID:
      return F(LtAlgo, inner);
    case CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID:
      return F(LtAlgo, cluster);
    default:
      return {};
  }
}
Field transform_field(int a) {
  switch (a) {
    case CUBLASLT_MATRIX_TRANSFORM_DESC_SCALE_TYPE:
      return F(LtTransform, scale_type);
    case CUBLASLT_MATRIX_TRANSFORM_DESC_POINTER_MODE:
      return F(LtTransform, pointer_mode);
    case CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA:
      return F(LtTransform, trans_a);
    case CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSB:
      return F(LtTransform, trans_b);
    default:
      return {};
  }
}
template <class O>
O* fresh() {
  return (O*)calloc(1, sizeof(O));
}
size_t g_cache = 8192;
}  // namespace

VGPU_API Status cublasLtCreate(cublasLtHandle_t* h) {
  if (!h) return BAD;
  if (!device_alive()) return CUBLAS_STATUS_NOT_INITIALIZED;
  *h = (cublasLtHandle_t) new Handle{kLt};
  return OK;
}
VGPU_API Status cublasLtDestroy(cublasLtHandle_t h) {
  if (!h) return BAD;
  Handle* x = handle_of(h, true);
  if (!x) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (x->magic == kLt) x->magic = 0;
  return OK;
}
VGPU_API const char* cublasLtGetStatusName(Status s) { return status_name(s); }
VGPU_API const char* cublasLtGetStatusString(Status s) { return status_text(s); }
VGPU_API size_t cublasLtGetVersion() { return kVersion; }
VGPU_API size_t cublasLtGetCudartVersion() { return CUDART_VERSION; }
VGPU_API Status cublasLtGetProperty(libraryPropertyType t, int* v) {
  if (!v) return BAD;
  switch (t) {
    case MAJOR_VERSION:
      *v = kVersionMajor;
      return OK;
    case MINOR_VERSION:
      *v = kVersionMinor;
      return OK;
    case PATCH_LEVEL:
      *v = kVersionPatch;
      return OK;
    default:
      return BAD;
  }
}
VGPU_API Status cublasLtHeuristicsCacheGetCapacity(size_t* n) {
  if (!n) return BAD;
  *n = g_cache;
  return OK;
}
VGPU_API Status cublasLtHeuristicsCacheSetCapacity(size_t n) {
  g_cache = n;
  return OK;
}
VGPU_API Status cublasLtLoggerSetCallback(cublasLtLoggerCallback_t) { return OK; }
VGPU_API Status cublasLtLoggerSetFile(FILE*) { return OK; }
VGPU_API Status cublasLtLoggerOpenFile(const char*) { return OK; }
VGPU_API Status cublasLtLoggerSetLevel(int l) { return l < 0 || l > 5 ? BAD : OK; }
VGPU_API Status cublasLtLoggerSetMask(int) { return OK; }
VGPU_API Status cublasLtLoggerForceDisable() { return OK; }

VGPU_API Status cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t l, size_t n,
                                                  cudaDataType t, u64 rows, u64 cols, s64 ld) {
  if (!l) return BAD;
  if (n < sizeof(LtLayout)) return CUBLAS_STATUS_ALLOC_FAILED;
  memset(l, 0, n);
  in<LtLayout>(l) = {(u32)t, CUBLASLT_ORDER_COL, rows, cols, ld, 1, 0, 0, 0};
  return OK;
}
VGPU_API Status cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* l, cudaDataType t, u64 rows,
                                           u64 cols, s64 ld) {
  if (!l) return BAD;
  *l = fresh<cublasLtMatrixLayoutOpaque_t>();
  return cublasLtMatrixLayoutInit_internal(*l, sizeof **l, t, rows, cols, ld);
}
VGPU_API Status cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l) {
  free(l);
  return OK;
}
VGPU_API Status cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t l,
                                                 cublasLtMatrixLayoutAttribute_t a, const void* b,
                                                 size_t n) {
  return set_field(l, layout_field(a), b, n);
}
VGPU_API Status cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t l,
                                                 cublasLtMatrixLayoutAttribute_t a, void* b,
                                                 size_t n, size_t* w) {
  return get_field(l, layout_field(a), b, n, w);
}

VGPU_API Status cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t d, size_t n,
                                                cublasComputeType_t c, cudaDataType_t s) {
  if (!d) return BAD;
  if (n < sizeof(LtDesc)) return CUBLAS_STATUS_ALLOC_FAILED;
  memset(d, 0, n);
  LtDesc& x = in<LtDesc>(d);
  x.compute = c;
  x.scale_type = s;
  x.fill = CUBLAS_FILL_MODE_FULL;
  x.epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  x.aux_type = x.bias_type = -1;
  return OK;
}
VGPU_API Status cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* d, cublasComputeType_t c,
                                         cudaDataType_t s) {
  if (!d) return BAD;
  *d = fresh<cublasLtMatmulDescOpaque_t>();
  return cublasLtMatmulDescInit_internal(*d, sizeof **d, c, s);
}
VGPU_API Status cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d) {
  free(d);
  return OK;
}
VGPU_API Status cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d,
                                               cublasLtMatmulDescAttributes_t a, const void* b,
                                               size_t n) {
  return set_field(d, desc_field(a), b, n);
}
VGPU_API Status cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t d,
                                               cublasLtMatmulDescAttributes_t a, void* b, size_t n,
                                               size_t* w) {
  return get_field(d, desc_field(a), b, n, w);
}

VGPU_API Status cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t p, size_t n) {
  if (!p) return BAD;
  if (n < sizeof(LtPreference)) return CUBLAS_STATUS_ALLOC_FAILED;
  memset(p, 0, n);
  in<LtPreference>(p) = {CUBLASLT_SEARCH_BEST_FIT,
                         CUBLASLT_REDUCTION_SCHEME_MASK,
                         0,
                         {256, 256, 256, 256},
                         0.f,
                         ~0ull};
  return OK;
}
VGPU_API Status cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* p) {
  if (!p) return BAD;
  *p = fresh<cublasLtMatmulPreferenceOpaque_t>();
  return cublasLtMatmulPreferenceInit_internal(*p, sizeof **p);
}
VGPU_API Status cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p) {
  free(p);
  return OK;
}
VGPU_API Status cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p,
                                                     cublasLtMatmulPreferenceAttributes_t a,
                                                     const void* b, size_t n) {
  return set_field(p, preference_field(a), b, n);
}
VGPU_API Status cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t p,
                                                     cublasLtMatmulPreferenceAttributes_t a,
                                                     void* b, size_t n, size_t* w) {
  return get_field(p, preference_field(a), b, n, w);
}

VGPU_API Status cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t* g,
                                                     cublasLtMatmulAlgoConfigAttributes_t a,
                                                     const void* b, size_t n) {
  return a == CUBLASLT_ALGO_CONFIG_ID ? BAD : set_field(g, algo_field(a), b, n);
}
VGPU_API Status cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* g,
                                                     cublasLtMatmulAlgoConfigAttributes_t a,
                                                     void* b, size_t n, size_t* w) {
  return get_field(g, algo_field(a), b, n, w);
}

VGPU_API Status cublasLtMatrixTransformDescInit_internal(cublasLtMatrixTransformDesc_t d, size_t n,
                                                         cudaDataType s) {
  if (!d) return BAD;
  if (n < sizeof(LtTransform)) return CUBLAS_STATUS_ALLOC_FAILED;
  memset(d, 0, n);
  in<LtTransform>(d) = {s, CUBLASLT_POINTER_MODE_HOST, CUBLAS_OP_N, CUBLAS_OP_N};
  return OK;
}
VGPU_API Status cublasLtMatrixTransformDescCreate(cublasLtMatrixTransformDesc_t* d,
                                                  cudaDataType s) {
  if (!d) return BAD;
  *d = fresh<cublasLtMatrixTransformDescOpaque_t>();
  return cublasLtMatrixTransformDescInit_internal(*d, sizeof **d, s);
}
VGPU_API Status cublasLtMatrixTransformDescDestroy(cublasLtMatrixTransformDesc_t d) {
  free(d);
  return OK;
}
VGPU_API Status cublasLtMatrixTransformDescSetAttribute(cublasLtMatrixTransformDesc_t d,
                                                        cublasLtMatrixTransformDescAttributes_t a,
                                                        const void* b, size_t n) {
  return set_field(d, transform_field(a), b, n);
}
VGPU_API Status cublasLtMatrixTransformDescGetAttribute(cublasLtMatrixTransformDesc_t d,
                                                        cublasLtMatrixTransformDescAttributes_t a,
                                                        void* b, size_t n, size_t* w) {
  return get_field(d, transform_field(a), b, n, w);
}
