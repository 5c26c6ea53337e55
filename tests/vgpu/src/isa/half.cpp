// f16, bf16 and their packed pairs. A 32-bit register of pairs is simply 64 halves, so packed and
// scalar forms share one loop. Results are computed in a wider format chosen so that one rounding
// remains.
#include "tests/vgpu/src/isa/floatops.h"
namespace vgpu {
namespace {
// Mod bits (I.x): 1 ftz, 2 sat, 4 relu, 8 NaN-propagating, 16 xorsign.abs
constexpr int FTZ = 1, SAT = 2, RELU = 4, NANP = 8, XS = 16;
struct F16 {
  static constexpr u16 one = 0x3c00, inf = 0x7c00;
  template <int N>
  static void up(const u16* s, float* d) {
    halves_to_floats(s, d, N);
  }
  template <int N>
  static void down(const float* s, u16* d) {
    floats_to_halves(s, d, N);
  }
};
struct BF16 {
  static constexpr u16 one = 0x3f80, inf = 0x7f80;
  template <int N>
  static void up(const u16* s, float* d) {
    for (int i = 0; i < N; i++) d[i] = bf16_to_float(s[i]);
  }
  template <int N>
  static void down(const float* s, u16* d) {
    for (int i = 0; i < N; i++) d[i] = float_to_bf16_rn(s[i]);
  }
};
VGPU_INLINE bool is_nan(u16 h, u16 inf) { return (h & 0x7fff) > inf; }
template <class F>
VGPU_INLINE u16 in(u16 h, int x) {
  return (x & FTZ) && (h & F::inf) == 0 ? (u16)(h & 0x8000) : h;
}
// Operand as floats, subnormals flushed if asked.
template <class F, int N>
VGPU_INLINE void load(const u16* a, float* d, int x) {
  if (x & FTZ) {
    alignas(64) u16 t[N];
    for (int i = 0; i < N; i++) t[i] = (a[i] & F::inf) == 0 ? (u16)(a[i] & 0x8000) : a[i];
    F::template up<N>(t, d);
  } else
    F::template up<N>(a, d);
}
template <int N>
VGPU_INLINE void put(Warp& w, u32 dst, const u16* r, u32 mask) {
  if constexpr (N == 32)
    blend<u16>(w.R<u16>(dst), r, mask);
  else
    blend<u32>(w.R<u32>(dst), (const u32*)r, mask);
}
// Rounds, applies ftz / sat / relu, writes the active lanes.
template <class F, int N>
VGPU_INLINE void finish(Warp& w, const Instruction& I, const float* v, u32 mask) {
  alignas(64) u16 r[N];
  F::template down<N>(v, r);
  const int x = I.x;
  if (VGPU_UNLIKELY(x & (FTZ | SAT | RELU)))
    for (int i = 0; i < N; i++) {
      u16 h = r[i];
      if (is_nan(h, F::inf)) {
        r[i] = (x & SAT) ? 0 : 0x7fff;
        continue;
      }
      if ((x & FTZ) && (h & F::inf) == 0) h &= 0x8000;
      if (x & SAT) {
        if (h & 0x8000)
          h = 0;
        else if (h > F::one)
          h = F::one;
      }
      if ((x & RELU) && (h & 0x8000)) h = 0;
      r[i] = h;
    }
  put<N>(w, I.dst, r, mask);
}
// OP: 0 add 1 sub 2 mul. Float holds sums and products of halves well enough for one more rounding,
// except bfloat16 products below the normal range of float.
template <class F, int OP, int N>
void h_h2(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) float p[N], q[N], r[N];
  load<F, N>(w.R<u16>(I.a), p, I.x);
  load<F, N>(w.R<u16>(I.b), q, I.x);
  for (int i = 0; i < N; i++) {
    if constexpr (OP == 2 && std::is_same_v<F, BF16>)
      r[i] = double_to_float_odd((double)p[i] * (double)q[i]);
    else
      r[i] = OP == 0 ? p[i] + q[i] : OP == 1 ? p[i] - q[i] : p[i] * q[i];
  }
  finish<F, N>(w, I, r, mask);
}
template <class F, int N>
void h_hfma(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) float p[N], q[N], c[N], r[N];
  load<F, N>(w.R<u16>(I.a), p, I.x);
  load<F, N>(w.R<u16>(I.b), q, I.x);
  load<F, N>(w.R<u16>(I.c), c, I.x);
  half_fma(p, q, c, r, N);
  finish<F, N>(w, I, r, mask);
}
template <class F, int N, bool MAX>
void h_hminmax(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u16 r[N];
  const u16 *a = w.R<u16>(I.a), *b = w.R<u16>(I.b);
  const int x = I.x;
  for (int i = 0; i < N; i++) {
    u16 p = in<F>(a[i], x), q = in<F>(b[i], x);
    u16 xs = (p ^ q) & 0x8000;
    if (x & XS) {
      p &= 0x7fff;
      q &= 0x7fff;
    }
    bool np = is_nan(p, F::inf), nq = is_nan(q, F::inf);
    if ((np && nq) || ((x & NANP) && (np || nq))) {
      r[i] = 0x7fff;
      continue;
    }
    u16 v;
    if (np)
      v = q;
    else if (nq)
      v = p;
    else {
      s32 kp = p & 0x8000 ? -(s32)(p & 0x7fff) - 1 : p,
          kq = q & 0x8000 ? -(s32)(q & 0x7fff) - 1 : q;  // -0 < +0
      v = MAX ? (kp > kq ? p : q) : (kp < kq ? p : q);
    }
    if (x & XS) v |= xs;
    r[i] = v;
  }
  put<N>(w, I.dst, r, mask);
}
template <class F, int N, bool NEG>
void h_habsneg(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u16 r[N];
  const u16* a = w.R<u16>(I.a);
  const int x = I.x;
  for (int i = 0; i < N; i++) {
    u16 p = in<F>(a[i], x);
    r[i] = NEG ? p ^ 0x8000 : p & 0x7fff;
  }
  put<N>(w, I.dst, r, mask);
}
template <class F, int N, bool TANH>
void h_hsfu(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) float p[N], r[N];
  load<F, N>(w.R<u16>(I.a), p, I.x);
  for (int i = 0; i < N; i++) r[i] = TANH ? tanh_f(p[i]) : ex2f(p[i]);
  finish<F, N>(w, I, r, mask);
}
struct Shape {
  bool bf;
  bool pair;
};
bool shape(PtxType t, Shape& s) {
  switch (t) {
    case PtxType::F16:
      s = {false, false};
      return true;
    case PtxType::BF16:
      s = {true, false};
      return true;
    case PtxType::F16x2:
      s = {false, true};
      return true;
    case PtxType::BF16x2:
      s = {true, true};
      return true;
    default:
      return false;
  }
}
#define VGPU_HALF(h, ...)                                                                \
  (s.bf ? (s.pair ? (Handler)h<BF16, __VA_ARGS__ 64> : (Handler)h<BF16, __VA_ARGS__ 32>) \
        : (s.pair ? (Handler)h<F16, __VA_ARGS__ 64> : (Handler)h<F16, __VA_ARGS__ 32>))
#define VGPU_HALF2(h, E)                                               \
  (s.bf ? (s.pair ? (Handler)h<BF16, 64, E> : (Handler)h<BF16, 32, E>) \
        : (s.pair ? (Handler)h<F16, 64, E> : (Handler)h<F16, 32, E>))
}  // namespace

bool lower_half_arith(Lower& l) {
  PtxType t = l.ty();
  Shape s;
  if (!shape(t, s)) return false;
  if (l.ty(1) != PtxType::None) l.bad("mixed-type half arithmetic");
  std::string_view op = l.s.op;
  l.I.x = (l.has("ftz") ? FTZ : 0) | (l.has("sat") ? SAT : 0) | (l.has("relu") ? RELU : 0) |
          (l.has("NaN") ? NANP : 0) | (l.has("xorsign") ? XS : 0);
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  if (op == "abs") {
    l.emit(VGPU_HALF2(h_habsneg, false), InstructionClass::Half);
    return true;
  }
  if (op == "neg") {
    l.emit(VGPU_HALF2(h_habsneg, true), InstructionClass::Half);
    return true;
  }
  l.I.b = l.src(2, t);
  if (op == "add") {
    l.emit(s.bf ? (s.pair ? h_h2<BF16, 0, 64> : h_h2<BF16, 0, 32>)
                : (s.pair ? h_h2<F16, 0, 64> : h_h2<F16, 0, 32>),
           InstructionClass::Half);
    return true;
  }
  if (op == "sub") {
    l.emit(s.bf ? (s.pair ? h_h2<BF16, 1, 64> : h_h2<BF16, 1, 32>)
                : (s.pair ? h_h2<F16, 1, 64> : h_h2<F16, 1, 32>),
           InstructionClass::Half);
    return true;
  }
  if (op == "mul") {
    l.emit(s.bf ? (s.pair ? h_h2<BF16, 2, 64> : h_h2<BF16, 2, 32>)
                : (s.pair ? h_h2<F16, 2, 64> : h_h2<F16, 2, 32>),
           InstructionClass::Half);
    return true;
  }
  if (op == "min") {
    l.emit(VGPU_HALF2(h_hminmax, false), InstructionClass::Half);
    return true;
  }
  if (op == "max") {
    l.emit(VGPU_HALF2(h_hminmax, true), InstructionClass::Half);
    return true;
  }
  if (op == "fma") {
    l.I.c = l.src(3, t);
    l.emit(s.bf ? (s.pair ? h_hfma<BF16, 64> : h_hfma<BF16, 32>)
                : (s.pair ? h_hfma<F16, 64> : h_hfma<F16, 32>),
           InstructionClass::Half);
    return true;
  }
  l.bad("half operation");
}
bool lower_half_sfu(Lower& l, bool tanh) {
  PtxType t = l.ty();
  Shape s;
  if (!shape(t, s)) return false;
  l.I.x = l.has("ftz") ? FTZ : 0;
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  if (tanh)
    l.emit(VGPU_HALF2(h_hsfu, true), InstructionClass::Sfu);
  else
    l.emit(VGPU_HALF2(h_hsfu, false), InstructionClass::Sfu);
  return true;
}
}  // namespace vgpu
