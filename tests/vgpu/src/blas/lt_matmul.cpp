// cublasLtMatmul and the choice of its algorithm.
#include "tests/vgpu/src/blas/lt_desc.h"
using namespace vgblas;
namespace {
Status no(Status s, const std::string& why) {
  static const bool quiet = environment_number("VGPU_BLAS_QUIET", 0) != 0;
  if (!quiet) log_line(format_text("cublasLt: %s: %s", status_name(s), why.c_str()));
  return s;
}
bool trans_ok(int t) { return t == CUBLAS_OP_N || t == CUBLAS_OP_T || t == CUBLAS_OP_C; }
bool half_type(T t) { return t == T::F16 || t == T::BF16; }
const char* ty(int t) {
  static thread_local char b[4][24];
  static thread_local int i;
  char* p = b[i++ & 3];
  T x = type_of((cudaDataType_t)t);
  if (x != T::None) return name_of(x);
  snprintf(p, 24, "cudaDataType %d", t);
  return p;
}

// Fills q (except for pointers and alpha, beta) from the descriptors, or says why NVIDIA's library
// would refuse them.
Status plan(const LtDesc& d, const LtLayout& A, const LtLayout& B, const LtLayout& C,
            const LtLayout& D, Matmul& q) {
  if (!trans_ok(d.trans_a) || !trans_ok(d.trans_b)) return no(BAD, "transposition");
  if (d.trans_c != CUBLAS_OP_N) return no(UNSUP, "C can not be transposed");
  if (d.fill != CUBLAS_FILL_MODE_FULL) return no(UNSUP, "fill mode");
  const LtLayout* ls[4] = {&A, &B, &C, &D};
  for (int i = 0; i < 4; i++) {
    const LtLayout& l = *ls[i];
    const char w = "ABCD"[i];
    if (l.order < 0 || l.order > CUBLASLT_ORDER_COL32_2R_4R4)
      return no(BAD, format_text("memory order of %c", w));
    if (l.order != CUBLASLT_ORDER_COL && l.order != CUBLASLT_ORDER_ROW)
      return no(UNSUP, format_text("tiled memory order of %c", w));
    if (l.plane) return no(UNSUP, "planar complex matrices");
    if ((s64)l.rows < 0 || (s64)l.cols < 0 ||
        l.ld < (s64)std::max<u64>(1, l.order == CUBLASLT_ORDER_ROW ? l.cols : l.rows))
      return no(
          BAD,
          format_text("leading dimension %lld of %c, which has %llu rows and %llu columns",
                      (long long)l.ld, w, (unsigned long long)l.rows, (unsigned long long)l.cols));
    if (l.batch < 1 || l.batch != A.batch)
      return no(BAD, format_text("batch count %d of %c, %d of A", l.batch, w, A.batch));
    if (l.mode > 1) return no(BAD, format_text("batch mode of %c", w));
  }
  const bool ta = d.trans_a != CUBLAS_OP_N, tb = d.trans_b != CUBLAS_OP_N;
  q.m = (s64)(ta ? A.cols : A.rows);
  q.k = (s64)(ta ? A.rows : A.cols);
  q.n = (s64)(tb ? B.rows : B.cols);
  q.batch = A.batch;
  if ((s64)(tb ? B.cols : B.rows) != q.k || (s64)C.rows != q.m || (s64)C.cols != q.n ||
      (s64)D.rows != q.m || (s64)D.cols != q.n)
    return no(BAD,
              format_text("op(A) is %lldx%lld, op(B) %lldx%lld, C %llux%llu, D %llux%llu",
                          (long long)q.m, (long long)q.k, (long long)(tb ? B.cols : B.rows),
                          (long long)q.n, (unsigned long long)C.rows, (unsigned long long)C.cols,
                          (unsigned long long)D.rows, (unsigned long long)D.cols));

  const T a = type_of((cudaDataType_t)A.type), b = type_of((cudaDataType_t)B.type),
          c = type_of((cudaDataType_t)C.type), o = type_of((cudaDataType_t)D.type),
          s = type_of((cudaDataType_t)d.scale_type);
  const auto types = [&] {
    return format_text("compute type %d, scale %s, A %s, B %s, C %s, D %s", d.compute,
                       ty(d.scale_type), ty((int)A.type), ty((int)B.type), ty((int)C.type),
                       ty((int)D.type));
  };
  bool ok = false, epilogues = true;
  T bias = o;
  q.scale = s;
  q.acc = Acc::F32;
  q.round = Round::None;
  const bool same = a == b && c == o, fp8 = is_fp8(a) || is_fp8(b);
  switch (d.compute) {
    case CUBLAS_COMPUTE_16F:
    case CUBLAS_COMPUTE_16F_PEDANTIC:
      ok = same && s == T::F16 && a == T::F16 && c == T::F16;
      break;
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      q.acc = Acc::I32;
      if (s == T::I32) {
        ok = same && a == T::I8 && c == T::I32;
        epilogues = false;
      } else {
        ok = s == T::F32 && same && a == T::I8 && c == T::I8;
        bias = T::F32;
      }
      break;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      if (s != T::F32) break;
      if (fp8) {
        ok = is_fp8(a) && is_fp8(b) && !(a == T::E5M2 && b == T::E5M2) &&
             d.compute == CUBLAS_COMPUTE_32F;
        if (c == T::F32)
          ok = ok && o == T::F32;
        else
          ok = ok && half_type(c) && (o == c || o == T::E4M3 || (o == T::E5M2 && a != b));
        bias = half_type(c) ? c : T::BF16;
      } else if (a == T::I8) {
        ok = same && c == T::F32;
        q.acc = Acc::I32;
        epilogues = false;
      } else
        ok = same && (half_type(a) ? c == a || c == T::F32 : a == T::F32 && c == T::F32);
      break;
    case CUBLAS_COMPUTE_32F_FAST_16F:
      q.round = Round::F16;
      ok = same && s == T::F32 && a == T::F32 && c == T::F32;
      break;
    case CUBLAS_COMPUTE_32F_FAST_16BF:
      q.round = Round::BF16;
      ok = same && s == T::F32 && a == T::F32 && c == T::F32;
      break;
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      q.round = Round::TF32;
      ok = same && s == T::F32 && a == T::F32 && c == T::F32;
      break;
    case CUBLAS_COMPUTE_32F_EMULATED_16BFX9:
      ok = same && s == T::F32 && a == T::F32 && c == T::F32;
      break;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
    case CUBLAS_COMPUTE_64F_EMULATED_FIXEDPOINT:
      q.acc = Acc::F64;
      ok = same && s == T::F64 && a == T::F64 && c == T::F64;
      break;
    default:
      return no(BAD, format_text("compute type %d", d.compute));
  }
  if (!ok) return no(UNSUP, types());
  if (fp8 && compute_capability() < 89) return no(UNSUP, "fp8 needs compute capability 8.9");
  const bool tn = ta && !tb && A.order == CUBLASLT_ORDER_COL && B.order == CUBLASLT_ORDER_COL &&
                  C.order == CUBLASLT_ORDER_COL && D.order == CUBLASLT_ORDER_COL;
  if (fp8) {
    if (!tn && compute_capability() < 100)
      return no(UNSUP, "fp8 needs A transposed, B not (TN), all column-major");
    if (A.ld % 16 || B.ld % 16 || q.k % 16 || C.ld * size_of(c) % 16 || D.ld * size_of(o) % 16 ||
        q.m * size_of(o) % 16 || q.m % 16)
      return no(UNSUP, "fp8 needs dimensions that are multiples of 16 bytes");
  }
  if (a == T::I8 && (!tn || A.ld % 4 || B.ld % 4 || C.ld % 4 || D.ld % 4 || q.m % 4 || q.k % 4))
    return no(UNSUP,
              "int8 needs A transposed, B not (TN), all column-major, m, k and leading dimensions "
              "multiples of 4");

  const u32 e = d.epilogue;
  switch (e) {
    case CUBLASLT_EPILOGUE_DEFAULT:
    case CUBLASLT_EPILOGUE_RELU:
    case CUBLASLT_EPILOGUE_RELU_AUX:
    case CUBLASLT_EPILOGUE_BIAS:
    case CUBLASLT_EPILOGUE_RELU_BIAS:
    case CUBLASLT_EPILOGUE_RELU_AUX_BIAS:
    case CUBLASLT_EPILOGUE_DRELU:
    case CUBLASLT_EPILOGUE_DRELU_BGRAD:
    case CUBLASLT_EPILOGUE_GELU:
    case CUBLASLT_EPILOGUE_GELU_AUX:
    case CUBLASLT_EPILOGUE_GELU_BIAS:
    case CUBLASLT_EPILOGUE_GELU_AUX_BIAS:
    case CUBLASLT_EPILOGUE_DGELU:
    case CUBLASLT_EPILOGUE_DGELU_BGRAD:
    case CUBLASLT_EPILOGUE_BGRADA:
    case CUBLASLT_EPILOGUE_BGRADB:
      break;
    default:
      return no(BAD, format_text("epilogue %u", e));
  }
  const bool simple = !(e & ~(u32)(EPI_NONE | EPI_RELU | EPI_BIAS));
  if (e != CUBLASLT_EPILOGUE_DEFAULT && (!epilogues || ((q.acc != Acc::F32) && !simple)))
    return no(UNSUP, format_text("epilogue %u with %s", e, types().c_str()));
  if (fp8 && (e & (EPI_BGRADA | EPI_BGRADB))) return no(UNSUP, "bias gradients of fp8 inputs");
  q.epilogue = e;
  if (e & (EPI_BIAS | EPI_BGRAD | EPI_BGRADA | EPI_BGRADB)) {
    q.bias_t = d.bias_type < 0 ? bias : type_of((cudaDataType_t)d.bias_type);
    if (q.bias_t != bias)
      return no(UNSUP, format_text("bias of type %s with %s", ty(d.bias_type), types().c_str()));
    q.bias_stride = d.bias_stride;
  }
  if (e & EPI_AUX) {
    const bool mask = e & (EPI_RELU | EPI_DRELU);
    q.aux_t = d.aux_type < 0 || mask ? o : type_of((cudaDataType_t)d.aux_type);
    if (!mask && q.aux_t != o && !(is_fp8(o) && (half_type(q.aux_t) || is_fp8(q.aux_t))))
      return no(UNSUP, format_text("auxiliary matrix of type %s with %s", ty(d.aux_type),
                                   types().c_str()));
    q.aux_ld = d.aux_ld;
    q.aux_stride = d.aux_stride;
    if (d.aux_ld < q.m || d.aux_ld % (mask ? 128 : 8))
      return no(
          BAD,
          format_text(
              "auxiliary leading dimension %lld: at least the rows of D (%lld), a multiple of %d",
              (long long)d.aux_ld, (long long)q.m, mask ? 128 : 8));
    if (q.batch > 1 && d.aux_stride % (mask ? 128 : 8)) return no(BAD, "auxiliary batch stride");
  }
  // Scale factors and amax only make sense for narrow types.
  if (d.mode_c || d.mode_d || d.mode_aux || d.mode_d_out || d.d_out_scale ||
      (d.mode_a != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F &&
       d.mode_a != CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F) ||
      (d.mode_b != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F &&
       d.mode_b != CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F))
    return no(UNSUP, "block-scaled operands");
  q.outer_a = d.mode_a == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
  q.outer_b = d.mode_b == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
  if (q.outer_a != q.outer_b || (q.outer_a && !fp8))
    return no(UNSUP, "vector scale factors: for fp8, A and B alike");
  if ((d.scale_a || d.scale_b) && !fp8)
    return no(BAD, "scale factors of A and B are for fp8 operands");
  if (d.scale_c && !is_fp8(c)) return no(BAD, "a scale factor of C is for fp8 C");
  if ((d.scale_d || d.amax_d) && !is_fp8(o))
    return no(BAD, "scale factor and amax of D are for fp8 D");
  if ((d.scale_aux || d.amax_aux) &&
      !((e & EPI_AUX) && (e & (EPI_GELU | EPI_DGELU)) && is_fp8(q.aux_t)))
    return no(BAD, "scale factor and amax of the auxiliary matrix are for fp8");

  switch (d.pointer_mode) {
    case CUBLASLT_POINTER_MODE_HOST:
      q.scalars = Scalars::Host;
      break;
    case CUBLASLT_POINTER_MODE_DEVICE:
      q.scalars = Scalars::Device;
      break;
    case CUBLASLT_POINTER_MODE_DEVICE_VECTOR:
      q.scalars = Scalars::Vectors;
      break;
    case CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO:
      q.scalars = Scalars::AlphaVectorBetaZero;
      if (d.alpha_stride) return no(BAD, "this pointer mode has no batched alpha");
      break;
    case CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST:
      q.scalars = Scalars::AlphaVectorBetaHost;
      break;
    default:
      return no(BAD, format_text("pointer mode %d", d.pointer_mode));
  }
  if (q.scalars >= Scalars::Vectors && s == T::F16)
    return no(UNSUP, "vectors of f16 scale factors");
  q.alpha_stride = d.alpha_stride;
  q.a = operand(A, ta, nullptr, a);
  q.b = operand(B, tb, nullptr, b);
  q.c = operand(C, false, nullptr, c);
  q.d = operand(D, false, nullptr, o);
  return OK;
}
// The one algorithm; splits k, with partial sums in the workspace, where that would fill the GPU.
void choose(const Matmul& q, u64 limit, u32 reductions, LtAlgo& g) {
  const s64 tiles = ((q.m + 127) / 128) * ((q.n + 127) / 128) * q.batch;
  g.split_k = 1;
  g.reduction = CUBLASLT_REDUCTION_SCHEME_NONE;
  g.tile = CUBLASLT_MATMUL_TILE_128x128;
  g.stages = CUBLASLT_MATMUL_STAGES_64xAUTO;
  if (tiles * 4 > 132 || q.k < 2048 || q.acc == Acc::F64 ||
      !(reductions & CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE))
    return;
  const s32 split = (s32)std::min<s64>(8, q.k / 512);
  if ((u64)(split * q.m * q.n * q.batch * 4) > limit) return;
  g.split_k = split;
  g.reduction = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
}
u64 workspace_of(const LtAlgo& g, const Matmul& q) {
  return g.split_k > 1 && g.reduction == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
             ? (u64)g.split_k * (u64)(q.m * q.n * q.batch) * 4
             : 0;
}
void stamp(LtAlgo& g, int compute, int scale, u32 a, u32 b, u32 c, u32 d) {
  g.id = 0;
  g.magic = kAlgoMagic;
  g.compute = (u8)compute;
  g.scale = (u8)scale;
  g.types[0] = (u8)a;
  g.types[1] = (u8)b;
  g.types[2] = (u8)c;
  g.types[3] = (u8)d;
}
bool matches(const LtAlgo& g, const LtDesc& d, const LtLayout& A, const LtLayout& B,
             const LtLayout& C, const LtLayout& D) {
  LtAlgo w{};
  stamp(w, d.compute, d.scale_type, A.type, B.type, C.type, D.type);
  return g.magic == kAlgoMagic && g.compute == w.compute && g.scale == w.scale &&
         !memcmp(g.types, w.types, 4);
}
float waves(const Matmul& q, const LtAlgo& g) {
  return (float)(((q.m + 127) / 128) * ((q.n + 127) / 128) * q.batch * g.split_k) / 132.f;
}
}  // namespace

VGPU_API Status cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t h, cublasLtMatmulDesc_t od,
                                               cublasLtMatrixLayout_t Ad, cublasLtMatrixLayout_t Bd,
                                               cublasLtMatrixLayout_t Cd, cublasLtMatrixLayout_t Dd,
                                               cublasLtMatmulPreference_t pref, int want,
                                               cublasLtMatmulHeuristicResult_t out[], int* got) {
  LT_HANDLE;
  if (got) *got = 0;
  if (!od || !Ad || !Bd || !Cd || !Dd || !pref || want <= 0 || !out || !got) return BAD;
  auto& d = in<LtDesc>(od);
  auto& A = in<LtLayout>(Ad);
  auto& B = in<LtLayout>(Bd);
  auto& C = in<LtLayout>(Cd);
  auto& D = in<LtLayout>(Dd);
  auto& p = in<LtPreference>(pref);
  Matmul q;
  if (Status s = plan(d, A, B, C, D, q)) return s;
  if (is_fp8(q.a.t) && (p.align[0] % 16 || p.align[1] % 16 || p.align[2] % 16 || p.align[3] % 16))
    return no(UNSUP, "fp8 needs 16-byte aligned matrices");
  memset(&out[0], 0, sizeof out[0]);
  auto& g = in<LtAlgo>(&out[0].algo);
  stamp(g, d.compute, d.scale_type, A.type, B.type, C.type, D.type);
  choose(q, p.max_workspace, p.reduction_mask, g);
  out[0].workspaceSize = workspace_of(g, q);
  out[0].state = OK;
  out[0].wavesCount = waves(q, g);
  *got = 1;
  return OK;
}
VGPU_API Status cublasLtMatmulAlgoCheck(cublasLtHandle_t h, cublasLtMatmulDesc_t od,
                                        cublasLtMatrixLayout_t Ad, cublasLtMatrixLayout_t Bd,
                                        cublasLtMatrixLayout_t Cd, cublasLtMatrixLayout_t Dd,
                                        const cublasLtMatmulAlgo_t* algo,
                                        cublasLtMatmulHeuristicResult_t* r) {
  LT_HANDLE;
  if (!od || !Ad || !Bd || !Cd || !Dd || !algo || !r) return BAD;
  auto& d = in<LtDesc>(od);
  auto& A = in<LtLayout>(Ad);
  auto& B = in<LtLayout>(Bd);
  auto& C = in<LtLayout>(Cd);
  auto& D = in<LtLayout>(Dd);
  auto& g = in<const LtAlgo>(algo);
  if (!matches(g, d, A, B, C, D)) return BAD;
  Matmul q;
  if (Status s = plan(d, A, B, C, D, q)) return s;
  if (g.split_k < 1 || (g.split_k > 1 && g.reduction != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE &&
                        g.reduction != CUBLASLT_REDUCTION_SCHEME_INPLACE &&
                        g.reduction != CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE))
    return BAD;
  r->workspaceSize = workspace_of(g, q);
  r->state = OK;
  r->wavesCount = waves(q, g);
  return OK;
}
VGPU_API Status cublasLtMatmulAlgoGetIds(cublasLtHandle_t h, cublasComputeType_t, cudaDataType_t,
                                         cudaDataType_t, cudaDataType_t, cudaDataType_t,
                                         cudaDataType_t, int want, int ids[], int* got) {
  LT_HANDLE;
  if (want <= 0 || !ids || !got) return BAD;
  ids[0] = 0;
  *got = 1;
  return OK;
}
VGPU_API Status cublasLtMatmulAlgoInit(cublasLtHandle_t h, cublasComputeType_t c, cudaDataType_t s,
                                       cudaDataType_t A, cudaDataType_t B, cudaDataType_t C,
                                       cudaDataType_t D, int id, cublasLtMatmulAlgo_t* algo) {
  LT_HANDLE;
  if (!algo || id != 0) return BAD;
  memset(algo, 0, sizeof *algo);
  auto& g = in<LtAlgo>(algo);
  stamp(g, c, s, A, B, C, D);
  g.split_k = 1;
  return OK;
}
VGPU_API Status cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t* algo,
                                                  cublasLtMatmulAlgoCapAttributes_t a, void* buf,
                                                  size_t n, size_t* w) {
  if (!algo || in<const LtAlgo>(algo).magic != kAlgoMagic) return BAD;
  s64 v = 0;
  size_t size = 4;
  switch (a) {
    case CUBLASLT_ALGO_CAP_SPLITK_SUPPORT:
    case CUBLASLT_ALGO_CAP_STRIDED_BATCH_SUPPORT:
    case CUBLASLT_ALGO_CAP_OUT_OF_PLACE_RESULT_SUPPORT:
    case CUBLASLT_ALGO_CAP_POINTER_ARRAY_BATCH_SUPPORT:
      v = 1;
      break;
    case CUBLASLT_ALGO_CAP_REDUCTION_SCHEME_MASK:
      v = CUBLASLT_REDUCTION_SCHEME_MASK;
      break;
    case CUBLASLT_ALGO_CAP_CTA_SWIZZLING_SUPPORT:
    case CUBLASLT_ALGO_CAP_UPLO_SUPPORT:
    case CUBLASLT_ALGO_CAP_CUSTOM_OPTION_MAX:
    case CUBLASLT_ALGO_CAP_CUSTOM_MEMORY_ORDER:
    case CUBLASLT_ALGO_CAP_LD_NEGATIVE:
    case CUBLASLT_ALGO_CAP_FLOATING_POINT_EMULATION_SUPPORT:
      v = 0;
      break;
    case CUBLASLT_ALGO_CAP_TILE_IDS:
      v = CUBLASLT_MATMUL_TILE_128x128;
      break;
    case CUBLASLT_ALGO_CAP_STAGES_IDS:
      v = CUBLASLT_MATMUL_STAGES_64xAUTO;
      break;
    case CUBLASLT_ALGO_CAP_POINTER_MODE_MASK:
      v = 31;
      break;
    case CUBLASLT_ALGO_CAP_EPILOGUE_MASK:
      v = 1023;
      break;
    case CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS:
      v = kFlagsHmma | kFlagsAccumulatorF32;
      size = 8;
      break;
    case CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_D_BYTES:
      v = 1;
      break;
    default:
      return BAD;
  }
  if (!n) {
    if (!w) return BAD;
    *w = size;
    return OK;
  }
  if (!buf || n < size) return BAD;
  memcpy(buf, &v, size);
  if (w) *w = size;
  return OK;
}

VGPU_API Status cublasLtMatmul(cublasLtHandle_t h, cublasLtMatmulDesc_t od, const void* alpha,
                               const void* A, cublasLtMatrixLayout_t Ad, const void* B,
                               cublasLtMatrixLayout_t Bd, const void* beta, const void* C,
                               cublasLtMatrixLayout_t Cd, void* D, cublasLtMatrixLayout_t Dd,
                               const cublasLtMatmulAlgo_t* algo, void* workspace,
                               size_t workspace_bytes, cudaStream_t stream) {
  LT_HANDLE;
  if (!od || !Ad || !Bd || !Cd || !Dd) return no(BAD, "null descriptor");
  auto& d = in<LtDesc>(od);
  auto& la = in<LtLayout>(Ad);
  auto& lb = in<LtLayout>(Bd);
  auto& lc = in<LtLayout>(Cd);
  auto& ld = in<LtLayout>(Dd);
  Matmul q;
  if (Status s = plan(d, la, lb, lc, ld, q)) return s;
  if (!q.m || !q.n) return OK;
  if (!alpha || (!beta && q.scalars != Scalars::AlphaVectorBetaZero))
    return no(BAD, "alpha or beta is null");
  if (q.scalars == Scalars::Host) {
    q.alpha = read_scalar(q.scale, alpha);
    q.beta = read_scalar(q.scale, beta);
  } else if (q.scalars == Scalars::AlphaVectorBetaHost) {
    q.alpha_p = alpha;
    q.beta = read_scalar(q.scale, beta);
  } else {
    q.alpha_p = alpha;
    q.beta_p = beta;
  }
  const bool reads_c = q.scalars == Scalars::Device || q.scalars == Scalars::Vectors || q.beta != 0;
  if (!D || ((!A || !B) && q.k) || (!C && reads_c)) return no(BAD, "null matrix");
  if (C == D &&
      (lc.ld != ld.ld || lc.order != ld.order || lc.stride != ld.stride || lc.type != ld.type))
    return no(BAD, "in place (C = D) with different layouts");
  q.a.p = A;
  q.b.p = B;
  q.c.p = C;
  q.d.p = D;
  if (is_fp8(q.a.t) && ((u64)A % 16 || (u64)B % 16 || (u64)C % 16 || (u64)D % 16))
    return no(UNSUP, "fp8 needs 16-byte aligned matrices");
  if (q.a.t == T::I8 && ((u64)A % 4 || (u64)B % 4 || (u64)C % 4 || (u64)D % 4))
    return no(UNSUP, "int8 needs 4-byte aligned matrices");
  q.bias = d.bias;
  q.aux = d.aux;
  if ((q.epilogue & (EPI_BIAS | EPI_BGRAD | EPI_BGRADA | EPI_BGRADB)) && !q.bias)
    return no(BAD, "the epilogue needs a bias pointer");
  if ((q.epilogue & EPI_AUX) && !q.aux) return no(BAD, "the epilogue needs an auxiliary pointer");
  q.scale_a = (const float*)d.scale_a;
  q.scale_b = (const float*)d.scale_b;
  q.scale_c = (const float*)d.scale_c;
  q.scale_d = (const float*)d.scale_d;
  q.scale_aux = (const float*)d.scale_aux;
  if ((q.outer_a && !q.scale_a) || (q.outer_b && !q.scale_b))
    return no(BAD, "vector scale factors without a pointer");
  q.amax_d = (float*)d.amax_d;
  q.amax_aux = (float*)d.amax_aux;
  LtAlgo g{};
  if (algo) {
    g = in<const LtAlgo>(algo);
    if (!matches(g, d, la, lb, lc, ld)) return no(BAD, "the algorithm was chosen for other types");
  } else
    choose(q, workspace_bytes, CUBLASLT_REDUCTION_SCHEME_MASK, g);
  q.workspace_bytes = workspace_of(g, q);
  q.workspace = workspace;
  if (q.workspace_bytes > workspace_bytes)
    return no(BAD, format_text("the algorithm needs %zu bytes of workspace, %zu are given",
                               q.workspace_bytes, workspace_bytes));
  if (q.workspace_bytes && (!workspace || (u64)workspace % 16))
    return no(BAD, "workspace is null or not 16-byte aligned");
  q.set_name();
  const auto name = q.name;
  const double f = q.flops();
  const bool tensor = q.tensor();
  return submit(stream, name, f, tensor, [q = std::move(q)] { return q.run(); });
}
