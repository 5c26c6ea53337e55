// fp32 and fp64 arithmetic, and the special functions. Approximate instructions give correctly
// rounded or near-correctly rounded results (the hardware's are within a few ulp of them).
#include "tests/vgpu/src/isa/floatops.h"
namespace vgpu {
namespace {
struct FAdd {
  template <class T>
  static T f(T a, T b) {
    return a + b;
  }
};
struct FSub {
  template <class T>
  static T f(T a, T b) {
    return a - b;
  }
};
struct FMul {
  template <class T>
  static T f(T a, T b) {
    return a * b;
  }
};
struct FDiv {
  template <class T>
  static T f(T a, T b) {
    return a / b;
  }
};

// fp32, round to nearest: FTZ flushes subnormal inputs and results, SAT clamps to [0,1].
template <class Op, bool FTZ, bool SAT>
void h_f2(Warp& w, const Instruction& I, u32 mask) {
  float* d = w.R<float>(I.dst);
  const float *a = w.R<float>(I.a), *b = w.R<float>(I.b);
  each<float>(d, mask, [=](int i) {
    float r = fz<FTZ>(canon(Op::f(fz<FTZ>(a[i]), fz<FTZ>(b[i]))));
    return SAT ? sat01(r) : r;
  });
}
template <bool FTZ, bool SAT>
void h_fma(Warp& w, const Instruction& I, u32 mask) {
  float* d = w.R<float>(I.dst);
  const float *a = w.R<float>(I.a), *b = w.R<float>(I.b), *c = w.R<float>(I.c);
  each<float>(d, mask, [=](int i) {
    float r = fz<FTZ>(canon(__builtin_fmaf(fz<FTZ>(a[i]), fz<FTZ>(b[i]), fz<FTZ>(c[i]))));
    return SAT ? sat01(r) : r;
  });
}
template <class Op>
void h_d2(Warp& w, const Instruction& I, u32 mask) {
  double* d = w.R<double>(I.dst);
  const double *a = w.R<double>(I.a), *b = w.R<double>(I.b);
  each<double>(d, mask, [=](int i) { return Op::f(a[i], b[i]); });
}
void h_dfma(Warp& w, const Instruction& I, u32 mask) {
  double* d = w.R<double>(I.dst);
  const double *a = w.R<double>(I.a), *b = w.R<double>(I.b), *c = w.R<double>(I.c);
  each<double>(d, mask, [=](int i) { return __builtin_fma(a[i], b[i], c[i]); });
}
// Directed rounding, through the rounding control of the AVX-512 encodings. OP: 0 add 1 sub 2 mul 3
// div 4 fma 5 sqrt
template <int OP, int RM>
VGPU_INLINE __m512 vf(__m512 a, __m512 b, __m512 c) {
  constexpr int r = RM | _MM_FROUND_NO_EXC;
  if constexpr (OP == 0)
    return _mm512_add_round_ps(a, b, r);
  else if constexpr (OP == 1)
    return _mm512_sub_round_ps(a, b, r);
  else if constexpr (OP == 2)
    return _mm512_mul_round_ps(a, b, r);
  else if constexpr (OP == 3)
    return _mm512_div_round_ps(a, b, r);
  else if constexpr (OP == 4)
    return _mm512_fmadd_round_ps(a, b, c, r);
  else
    return _mm512_sqrt_round_ps(a, r);
}
template <int OP, int RM>
VGPU_INLINE __m512d vd(__m512d a, __m512d b, __m512d c) {
  constexpr int r = RM | _MM_FROUND_NO_EXC;
  if constexpr (OP == 0)
    return _mm512_add_round_pd(a, b, r);
  else if constexpr (OP == 1)
    return _mm512_sub_round_pd(a, b, r);
  else if constexpr (OP == 2)
    return _mm512_mul_round_pd(a, b, r);
  else if constexpr (OP == 3)
    return _mm512_div_round_pd(a, b, r);
  else if constexpr (OP == 4)
    return _mm512_fmadd_round_pd(a, b, c, r);
  else
    return _mm512_sqrt_round_pd(a, r);
}
template <int OP, int RM>
void h_fr(Warp& w, const Instruction& I, u32 mask) {  // I.x: 1 ftz, 2 sat
  alignas(64) float r[32], in[3][32];
  const float* s[3] = {w.R<float>(I.a), w.R<float>(I.b), w.R<float>(I.c)};
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < 32; i++) in[k][i] = I.x & 1 ? flush(s[k][i]) : s[k][i];
  for (int k = 0; k < 32; k += 16)
    _mm512_store_ps(r + k, vf<OP, RM>(_mm512_load_ps(in[0] + k), _mm512_load_ps(in[1] + k),
                                      _mm512_load_ps(in[2] + k)));
  for (int i = 0; i < 32; i++) {
    float v = canon(r[i]);
    if (I.x & 1) v = flush(v);
    if (I.x & 2) v = sat01(v);
    r[i] = v;
  }
  blend(w.R<float>(I.dst), r, mask);
}
template <int OP, int RM>
void h_dr(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) double r[32];
  const double *a = w.R<double>(I.a), *b = w.R<double>(I.b), *c = w.R<double>(I.c);
  for (int k = 0; k < 32; k += 8)
    _mm512_store_pd(r + k, vd<OP, RM>(_mm512_load_pd(a + k),
                                      OP == 5 ? _mm512_load_pd(a + k) : _mm512_load_pd(b + k),
                                      OP == 4 ? _mm512_load_pd(c + k) : _mm512_load_pd(a + k)));
  blend(w.R<double>(I.dst), r, mask);
}
template <class T, bool MAX, bool FTZ, bool NANP, bool XS>
VGPU_INLINE T fminmax(T a, T b) {
  using U = std::conditional_t<sizeof(T) == 4, u32, u64>;
  constexpr U sgn = (U)1 << (8 * sizeof(T) - 1);
  a = fz<FTZ>(a);
  b = fz<FTZ>(b);
  U xs = (bitcast<U>(a) ^ bitcast<U>(b)) & sgn;
  if (XS) {
    a = bitcast<T>(bitcast<U>(a) & ~sgn);
    b = bitcast<T>(bitcast<U>(b) & ~sgn);
  }
  T r = MAX ? (a > b ? a : b) : (a < b ? a : b);
  T z = bitcast<T>(MAX ? (U)(bitcast<U>(a) & bitcast<U>(b))
                       : (U)(bitcast<U>(a) | bitcast<U>(b)));  // equal values: -0 < +0
  r = a == b ? z : r;
  T nan;
  if constexpr (sizeof(T) == 4)
    nan = bitcast<T>(0x7fffffffu);
  else
    nan = bitcast<T>(0xfff8000000000000ull);
  if (NANP)
    r = (a != a) || (b != b) ? nan : r;
  else {
    r = a != a ? b : b != b ? a : r;
    r = r != r ? nan : r;
  }
  if (XS) r = r == r ? bitcast<T>(bitcast<U>(r) | xs) : r;
  return r;
}
template <class T, bool MAX, bool FTZ, bool NANP, bool XS>
void h_minmax(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  each<T>(d, mask, [=](int i) { return fminmax<T, MAX, FTZ, NANP, XS>(a[i], b[i]); });
}
template <class T, bool FTZ, bool NEG>
void h_absneg(Warp& w, const Instruction& I, u32 mask) {
  using U = std::conditional_t<sizeof(T) == 4, u32, u64>;
  constexpr U sgn = (U)1 << (8 * sizeof(T) - 1);
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  each<T>(d, mask, [=](int i) {
    T x = fz<FTZ>(a[i]);
    U u = bitcast<U>(x);
    return bitcast<T>((U)(NEG ? u ^ sgn : u & ~sgn));
  });
}
template <class T>
void h_copysign(Warp& w, const Instruction& I, u32 mask) {
  using U = std::conditional_t<sizeof(T) == 4, u32, u64>;
  constexpr U sgn = (U)1 << (8 * sizeof(T) - 1);
  U* d = w.R<U>(I.dst);
  const U *a = w.R<U>(I.a), *b = w.R<U>(I.b);
  each<U>(d, mask, [=](int i) { return (U)((a[i] & sgn) | (b[i] & ~sgn)); });
}

// Unary fp32 functions.
struct Rcp {
  static float f(float x) { return 1.0f / x; }
};
struct Sqrt {
  static float f(float x) { return __builtin_sqrtf(x); }
};
struct Rsqrt {
  static float f(float x) { return (float)(1.0 / __builtin_sqrt((double)x)); }
};
struct Ex2 {
  static float f(float x) { return ex2f(x); }
};
struct Tanh {
  static float f(float x) { return tanh_f(x); }
};
struct Lg2 {
  static float f(float x) { return lg2f(x); }
};
struct Sin {
  static float f(float x) { return (float)std::sin((double)x); }
};
struct Cos {
  static float f(float x) { return (float)std::cos((double)x); }
};
template <class Op, bool FTZ>
void h_f1(Warp& w, const Instruction& I, u32 mask) {
  float* d = w.R<float>(I.dst);
  const float* a = w.R<float>(I.a);
  each<float>(d, mask, [=](int i) { return fz<FTZ>(canon(Op::f(fz<FTZ>(a[i])))); });
}
template <class Op, bool FTZ>
void h_f1s(Warp& w, const Instruction& I, u32 mask) {  // not vectorisable
  float* d = w.R<float>(I.dst);
  const float* a = w.R<float>(I.a);
  each_scalar<float>(d, mask, [=](int i) { return fz<FTZ>(canon(Op::f(fz<FTZ>(a[i])))); });
}
struct DRcp {
  static double f(double x) { return 1.0 / x; }
};
struct DSqrt {
  static double f(double x) { return __builtin_sqrt(x); }
};
struct DRsqrt {
  static double f(double x) { return 1.0 / __builtin_sqrt(x); }
};
template <class Op>
void h_d1(Warp& w, const Instruction& I, u32 mask) {
  double* d = w.R<double>(I.dst);
  const double* a = w.R<double>(I.a);
  each<double>(d, mask, [=](int i) { return Op::f(a[i]); });
}
// rcp.approx.ftz.f64: 20 mantissa bits matter; results and inputs flush.
template <class Op>
void h_d1z(Warp& w, const Instruction& I, u32 mask) {
  double* d = w.R<double>(I.dst);
  const double* a = w.R<double>(I.a);
  each<double>(d, mask, [=](int i) {
    double r = flush(Op::f(flush(a[i])));
    return bitcast<double>(bitcast<u64>(r) & 0xffffffff00000000ull);
  });
}

int round_mode(Lower& l) {
  return l.has("rz")   ? _MM_FROUND_TO_ZERO
         : l.has("rm") ? _MM_FROUND_TO_NEG_INF
         : l.has("rp") ? _MM_FROUND_TO_POS_INF
                       : _MM_FROUND_TO_NEAREST_INT;
}
template <int OP>
Handler fr(int rm) {
  return rm == _MM_FROUND_TO_ZERO      ? h_fr<OP, _MM_FROUND_TO_ZERO>
         : rm == _MM_FROUND_TO_NEG_INF ? h_fr<OP, _MM_FROUND_TO_NEG_INF>
                                       : h_fr<OP, _MM_FROUND_TO_POS_INF>;
}
template <int OP>
Handler dr(int rm) {
  return rm == _MM_FROUND_TO_ZERO      ? h_dr<OP, _MM_FROUND_TO_ZERO>
         : rm == _MM_FROUND_TO_NEG_INF ? h_dr<OP, _MM_FROUND_TO_NEG_INF>
                                       : h_dr<OP, _MM_FROUND_TO_POS_INF>;
}

template <class Op, int OP>
void fp2(Lower& l, PtxType t) {
  int rm = round_mode(l);
  bool ftz = l.has("ftz"), sat = l.has("sat");
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  if (t == PtxType::F64) {
    l.emit(rm != _MM_FROUND_TO_NEAREST_INT ? dr<OP>(rm) : h_d2<Op>, InstructionClass::Fp64);
    return;
  }
  if (rm != _MM_FROUND_TO_NEAREST_INT) {
    l.I.x = ftz | sat << 1;
    l.emit(fr<OP>(rm), InstructionClass::Fp32);
    return;
  }
  l.emit(ftz ? (sat ? h_f2<Op, true, true> : h_f2<Op, true, false>)
             : (sat ? h_f2<Op, false, true> : h_f2<Op, false, false>),
         InstructionClass::Fp32);
}
template <class T, bool MAX>
Handler minmax(Lower& l) {
  bool ftz = l.has("ftz"), nan = l.has("NaN"), xs = l.has("xorsign");
  if (ftz)
    return nan ? (xs ? h_minmax<T, MAX, true, true, true> : h_minmax<T, MAX, true, true, false>)
               : (xs ? h_minmax<T, MAX, true, false, true> : h_minmax<T, MAX, true, false, false>);
  return nan ? (xs ? h_minmax<T, MAX, false, true, true> : h_minmax<T, MAX, false, true, false>)
             : (xs ? h_minmax<T, MAX, false, false, true> : h_minmax<T, MAX, false, false, false>);
}
void un(Lower& l, PtxType t, Handler h, InstructionClass k) {
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  l.emit(h, k);
}
template <class Op>
void sfu(Lower& l) {
  un(l, PtxType::F32, l.has("ftz") ? h_f1<Op, true> : h_f1<Op, false>, InstructionClass::Sfu);
}
template <class Op>
void sfu_s(Lower& l) {
  un(l, PtxType::F32, l.has("ftz") ? h_f1s<Op, true> : h_f1s<Op, false>, InstructionClass::Sfu);
}
}  // namespace

InstructionClass fp_class(PtxType t) {
  return t == PtxType::F64   ? InstructionClass::Fp64
         : t == PtxType::F32 ? InstructionClass::Fp32
                             : InstructionClass::Half;
}

bool lower_fp_arith(Lower& l) {
  PtxType t = l.ty();
  if (t != PtxType::F32 && t != PtxType::F64) return false;
  std::string_view op = l.s.op;
  bool ftz = l.has("ftz"), sat = l.has("sat");
  if (op == "add")
    fp2<FAdd, 0>(l, t);
  else if (op == "sub")
    fp2<FSub, 1>(l, t);
  else if (op == "mul")
    fp2<FMul, 2>(l, t);
  else if (op == "div")
    fp2<FDiv, 3>(l, t);
  else if (op == "fma" || op == "mad") {
    int rm = round_mode(l);
    l.I.dst = l.dst(0, ty_size(t));
    l.I.a = l.src(1, t);
    l.I.b = l.src(2, t);
    l.I.c = l.src(3, t);
    if (t == PtxType::F64)
      l.emit(rm != _MM_FROUND_TO_NEAREST_INT ? dr<4>(rm) : h_dfma, InstructionClass::Fp64);
    else if (rm != _MM_FROUND_TO_NEAREST_INT) {
      l.I.x = ftz | sat << 1;
      l.emit(fr<4>(rm), InstructionClass::Fp32);
    } else
      l.emit(ftz ? (sat ? h_fma<true, true> : h_fma<true, false>)
                 : (sat ? h_fma<false, true> : h_fma<false, false>),
             InstructionClass::Fp32);
  } else if (op == "min" || op == "max") {
    bool mx = op == "max";
    l.I.dst = l.dst(0, ty_size(t));
    l.I.a = l.src(1, t);
    l.I.b = l.src(2, t);
    if (l.nops() > 3) l.bad("three-input min/max");
    l.emit(t == PtxType::F64 ? (mx ? minmax<double, true>(l) : minmax<double, false>(l))
                             : (mx ? minmax<float, true>(l) : minmax<float, false>(l)),
           fp_class(t));
  } else if (op == "abs")
    un(l, t,
       t == PtxType::F64 ? h_absneg<double, false, false>
       : ftz             ? h_absneg<float, true, false>
                         : h_absneg<float, false, false>,
       fp_class(t));
  else if (op == "neg")
    un(l, t,
       t == PtxType::F64 ? h_absneg<double, false, true>
       : ftz             ? h_absneg<float, true, true>
                         : h_absneg<float, false, true>,
       fp_class(t));
  else
    return false;
  return true;
}

static void op_rcp(Lower& l) {
  int rm = round_mode(l);
  if (l.ty() == PtxType::F64) {
    if (l.has("approx")) {
      un(l, PtxType::F64, h_d1z<DRcp>, InstructionClass::Sfu);
      return;
    }
    if (rm == _MM_FROUND_TO_NEAREST_INT) {
      un(l, PtxType::F64, h_d1<DRcp>, InstructionClass::Fp64);
      return;
    }
    l.I.dst = l.dst(0, 8);
    l.I.a = l.imm64(bitcast<u64>(1.0));
    l.I.b = l.src(1, PtxType::F64);
    l.emit(dr<3>(rm), InstructionClass::Fp64);
    return;
  }
  if (rm == _MM_FROUND_TO_NEAREST_INT) {
    sfu<Rcp>(l);
    return;
  }
  l.I.x = l.has("ftz");
  l.I.dst = l.dst(0, 4);
  l.I.a = l.imm32(bitcast<u32>(1.0f));
  l.I.b = l.src(1, PtxType::F32);
  l.emit(fr<3>(rm), InstructionClass::Fp32);
}
static void op_sqrt(Lower& l) {
  int rm = round_mode(l);
  if (l.ty() == PtxType::F64) {
    if (rm == _MM_FROUND_TO_NEAREST_INT) {
      un(l, PtxType::F64, h_d1<DSqrt>, InstructionClass::Fp64);
      return;
    }
    un(l, PtxType::F64, dr<5>(rm), InstructionClass::Fp64);
    return;
  }
  if (rm == _MM_FROUND_TO_NEAREST_INT) {
    sfu<Sqrt>(l);
    return;
  }
  l.I.x = l.has("ftz");
  un(l, PtxType::F32, fr<5>(rm), InstructionClass::Fp32);
}
static void op_rsqrt(Lower& l) {
  if (l.ty() == PtxType::F64) {
    un(l, PtxType::F64, l.has("ftz") ? h_d1z<DRsqrt> : h_d1<DRsqrt>, InstructionClass::Sfu);
    return;
  }
  sfu<Rsqrt>(l);
}
static void op_ex2(Lower& l);
static void op_tanh(Lower& l);
static void op_lg2(Lower& l) { sfu<Lg2>(l); }
static void op_sin(Lower& l) { sfu_s<Sin>(l); }
static void op_cos(Lower& l) { sfu_s<Cos>(l); }
static void op_copysign(Lower& l) {
  PtxType t = l.ty();
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.emit(t == PtxType::F64 ? h_copysign<double> : h_copysign<float>, fp_class(t));
}
bool lower_half_sfu(Lower& l, bool tanh);
static void op_ex2(Lower& l) {
  if (!lower_half_sfu(l, false)) sfu<Ex2>(l);
}
static void op_tanh(Lower& l) {
  if (!lower_half_sfu(l, true)) sfu<Tanh>(l);
}
VGPU_OP(rcp, op_rcp);
VGPU_OP(sqrt, op_sqrt);
VGPU_OP(rsqrt, op_rsqrt);
VGPU_OP(ex2, op_ex2);
VGPU_OP(tanh, op_tanh);
VGPU_OP(lg2, op_lg2);
VGPU_OP(sin, op_sin);
VGPU_OP(cos, op_cos);
VGPU_OP(copysign, op_copysign);
}  // namespace vgpu
