// cvt. Common conversions have vector loops; the rest goes through an exact intermediate (s64 or
// double) and one rounding.
#include "tests/vgpu/src/isa/convert.h"

#include <cfenv>
namespace vgpu {
namespace {
bool is_fp(PtxType t) {
  return t == PtxType::F16 || t == PtxType::BF16 || t == PtxType::F32 || t == PtxType::F64;
}
VGPU_INLINE Round rnd(const Instruction& I) { return (Round)(I.imm >> 8 & 7); }

// ---- integers ----
template <class D, class S>
void h_ii(Warp& w, const Instruction& I, u32 mask) {
  D* d = w.R<D>(I.dst);
  const S* s = w.R<S>(I.a);
  each<D>(d, mask, [=](int i) { return (D)s[i]; });
}
u64 reg_bits(const u8* p, int size, int i) {
  switch (size) {
    case 2:
      return ((const u16*)p)[i];
    case 4:
      return ((const u32*)p)[i];
    default:
      return ((const u64*)p)[i];
  }
}
void put_bits(u8* p, int size, int i, u64 v) {
  switch (size) {
    case 2:
      ((u16*)p)[i] = (u16)v;
      break;
    case 4:
      ((u32*)p)[i] = (u32)v;
      break;
    default:
      ((u64*)p)[i] = v;
  }
}
// An integer of type t inside a register: sign- or zero-extended to 64 bits.
u64 extend(PtxType t, u64 v) {
  switch (ty_size(t)) {
    case 1:
      return ty_signed(t) ? (u64)(s64)(s8)v : (u8)v;
    case 2:
      return ty_signed(t) ? (u64)(s64)(s16)v : (u16)v;
    case 4:
      return ty_signed(t) ? (u64)(s64)(s32)v : (u32)v;
    default:
      return v;
  }
}
u64 clamp_int(PtxType from, PtxType to, u64 v) {
  __int128 x = ty_signed(from) ? (__int128)(s64)v : (__int128)v;
  int n = 8 * ty_size(to);
  __int128 lo = ty_signed(to) ? -((__int128)1 << (n - 1)) : 0,
           hi = ((__int128)1 << (ty_signed(to) ? n - 1 : n)) - 1;
  return (u64)(x < lo ? lo : x > hi ? hi : x);
}
void h_ii_any(Warp& w, const Instruction& I, u32 mask) {
  PtxType s = (PtxType)I.x, d = (PtxType)I.y;
  int sr = I.z & 15, dr = I.z >> 4;
  const u8* a = w.R<u8>(I.a);
  u8* o = w.R<u8>(I.dst);
  for_lanes(mask, [&](int i) {
    u64 v = extend(s, reg_bits(a, sr, i));
    if (I.imm & SAT) v = clamp_int(s, d, v);
    put_bits(o, dr, i, extend(d, v));
  });
}
// ---- through double ----
double load_fp(PtxType t, const u8* p, int i, bool ftz) {
  switch (t) {
    case PtxType::F16:
      return half_to_float(((const u16*)p)[i]);
    case PtxType::BF16:
      return bf16_to_float(((const u16*)p)[i]);
    case PtxType::F32: {
      float f = ((const float*)p)[i];
      return ftz ? flush(f) : f;
    }
    default:
      return ((const double*)p)[i];
  }
}
double integral(double v, Round r) {
  switch (r) {
    case RZ:
      return std::trunc(v);
    case RM:
      return std::floor(v);
    case RP:
      return std::ceil(v);
    default:
      return __builtin_rint(v);
  }
}
float double_to_float(double v, Round r) {
  if (r == RN) return (float)v;
  __m128d x = _mm_set_sd(v);
  __m128 f =
      r == RZ ? _mm_cvt_roundsd_ss(_mm_setzero_ps(), x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
      : r == RM
          ? _mm_cvt_roundsd_ss(_mm_setzero_ps(), x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
          : _mm_cvt_roundsd_ss(_mm_setzero_ps(), x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
  return _mm_cvtss_f32(f);
}
void store_fp(PtxType t, u8* p, int i, double v, Round r, int fl) {
  if (fl & SAT) v = v > 0 ? (v < 1 ? v : 1.0) : 0.0;
  if ((fl & RELU) && v <= 0) v = 0.0;  // NaN passes
  switch (t) {
    case PtxType::F16: {
      u16 h = double_to_half(v, r);
      if ((fl & SATF) && (h & 0x7fff) == 0x7c00) h = (h & 0x8000) | 0x7bff;
      ((u16*)p)[i] = h;
      break;
    }
    case PtxType::BF16: {
      u16 h = double_to_bf16(v, r);
      if ((fl & SATF) && (h & 0x7fff) == 0x7f80) h = (h & 0x8000) | 0x7f7f;
      ((u16*)p)[i] = h;
      break;
    }
    case PtxType::F32: {
      float f = canon(double_to_float(v, r));
      ((float*)p)[i] = fl & FTZ ? flush(f) : f;
      break;
    }
    default:
      ((double*)p)[i] = v;
  }
}
void h_ff_any(Warp& w, const Instruction& I, u32 mask) {
  PtxType s = (PtxType)I.x, d = (PtxType)I.y;
  const int fl = (int)(I.imm & 255);
  Round r = rnd(I);
  const u8* a = w.R<u8>(I.a);
  u8* o = w.R<u8>(I.dst);
  for_lanes(mask, [&](int i) {
    double v = load_fp(s, a, i, fl & FTZ);
    if (fl & INTEGRAL) v = integral(v, r);
    store_fp(d, o, i, v, fl & INTEGRAL ? RN : r, fl);
  });
}
// Float to integer: NaN gives 0, out of range clamps.
void h_fi_any(Warp& w, const Instruction& I, u32 mask) {
  PtxType s = (PtxType)I.x, d = (PtxType)I.y;
  const int fl = (int)(I.imm & 255);
  Round r = rnd(I);
  int dr = I.z >> 4;
  const u8* a = w.R<u8>(I.a);
  u8* o = w.R<u8>(I.dst);
  const int n = 8 * ty_size(d);
  const bool sg = ty_signed(d);
  const double hi = std::ldexp(1.0, sg ? n - 1 : n), lo = sg ? -hi : 0.0;
  for_lanes(mask, [&](int i) {
    double v = load_fp(s, a, i, fl & FTZ);
    u64 q;
    if (v != v)
      q = 0;
    else {
      v = integral(v, r);
      if (v >= hi)
        q = sg ? (1ull << (n - 1)) - 1 : n == 64 ? ~0ull : (1ull << n) - 1;
      else if (v <= lo)
        q = sg ? ~0ull << (n - 1) : 0;
      else
        q = v < 0 ? (u64)(s64)v : (u64)v;
    }
    put_bits(o, dr, i, extend(d, q));
  });
}
template <int R>
void h_f32_s32(Warp& w, const Instruction& I, u32 mask) {
  s32* d = w.R<s32>(I.dst);
  const float* a = w.R<float>(I.a);
  each<s32>(d, mask, [=](int i) {
    float x = a[i], t = R == RN   ? __builtin_rintf(x)
                        : R == RZ ? __builtin_truncf(x)
                        : R == RM ? __builtin_floorf(x)
                                  : __builtin_ceilf(x);
    float c = t < 2147483520.0f ? t : 2147483520.0f;
    c = c > -2147483648.0f ? c : -2147483648.0f;
    s32 q = (s32)c;
    q = t >= 2147483648.0f ? INT32_MAX : q;
    return x != x ? 0 : q;
  });
}
// Integer to float.
void h_if_any(Warp& w, const Instruction& I, u32 mask) {
  PtxType s = (PtxType)I.x, d = (PtxType)I.y;
  const int fl = (int)(I.imm & 255);
  Round r = rnd(I);
  int sr = I.z & 15;
  const u8* a = w.R<u8>(I.a);
  u8* o = w.R<u8>(I.dst);
  for_lanes(mask, [&](int i) {
    u64 u = extend(s, reg_bits(a, sr, i));
    bool neg = ty_signed(s) && (s64)u < 0;
    u64 m = neg ? 0 - u : u;
    if (d == PtxType::F64 && m >> 53) {  // needs a true rounding to 53 bits
      static const int fe[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD, FE_TONEAREST};
      int old = fegetround();
      fesetround(fe[r]);
      volatile long double x = ty_signed(s) ? (long double)(s64)u : (long double)u;
      volatile double y = (double)x;
      fesetround(old);
      ((double*)o)[i] = y;
      return;
    }
    if (m >> 53)
      m = (m & ~0x7ffull) | ((m & 0x7ff) ? 0x800 : 0);  // sticky bit: narrower roundings stay exact
    double v = (double)m;
    if (neg) v = -v;
    store_fp(d, o, i, v, r, fl);
  });
}
template <class S>
void h_i_f32(Warp& w, const Instruction& I, u32 mask) {
  float* d = w.R<float>(I.dst);
  const S* a = w.R<S>(I.a);
  each<float>(d, mask, [=](int i) { return (float)a[i]; });
}
template <class S>
void h_i_f64(Warp& w, const Instruction& I, u32 mask) {
  double* d = w.R<double>(I.dst);
  const S* a = w.R<S>(I.a);
  each<double>(d, mask, [=](int i) { return (double)a[i]; });
}
template <bool Z>
void h_f32_f64(Warp& w, const Instruction& I, u32 mask) {
  double* d = w.R<double>(I.dst);
  const float* a = w.R<float>(I.a);
  each<double>(d, mask, [=](int i) { return (double)fz<Z>(a[i]); });
}
template <bool Z>
void h_f64_f32(Warp& w, const Instruction& I, u32 mask) {
  float* d = w.R<float>(I.dst);
  const double* a = w.R<double>(I.a);
  each<float>(d, mask, [=](int i) { return fz<Z>(canon((float)a[i])); });
}
void h_f16_f32(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) float t[32];
  halves_to_floats(w.R<u16>(I.a), t, 32);
  each<float>(w.R<float>(I.dst), mask, [&](int i) { return canon(t[i]); });
}
void h_bf16_f32(Warp& w, const Instruction& I, u32 mask) {
  float* d = w.R<float>(I.dst);
  const u16* a = w.R<u16>(I.a);
  each<float>(d, mask, [=](int i) { return bf16_to_float(a[i]); });
}
void h_f32_f16(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u16 t[32];
  floats_to_halves(w.R<float>(I.a), t, 32);
  blend<u16>(w.R<u16>(I.dst), t, mask);
}
void h_f32_bf16(Warp& w, const Instruction& I, u32 mask) {
  u16* d = w.R<u16>(I.dst);
  const float* a = w.R<float>(I.a);
  each<u16>(d, mask, [=](int i) { return float_to_bf16_rn(a[i]); });
}
// Two floats into a pair: a above, b below.
template <bool BF>
void h_pack_rn(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const float *a = w.R<float>(I.a), *b = w.R<float>(I.b);
  if constexpr (BF)
    each<u32>(d, mask, [=](int i) {
      auto rn = [](float f) {
        u32 u = bitcast<u32>(f), r = u + 0x7fff + (u >> 16 & 1);
        return (u & 0x7fffffff) > 0x7f800000 ? 0x7fff0000u : r;
      };
      return (rn(a[i]) & 0xffff0000u) | rn(b[i]) >> 16;
    });
  else {
    alignas(64) u16 x[32], y[32];
    floats_to_halves(a, x, 32);
    floats_to_halves(b, y, 32);
    each<u32>(d, mask, [&](int i) { return (u32)x[i] << 16 | y[i]; });
  }
}
void h_pack_any(Warp& w, const Instruction& I, u32 mask) {  // I.y: F16 or BF16
  u32* d = w.R<u32>(I.dst);
  const u8 *a = w.R<u8>(I.a), *b = w.R<u8>(I.b);
  for_lanes(mask, [&](int i) {
    u16 t[2];
    store_fp((PtxType)I.y, (u8*)t, 0, load_fp(PtxType::F32, b, i, false), rnd(I),
             (int)(I.imm & 255));
    store_fp((PtxType)I.y, (u8*)t, 1, load_fp(PtxType::F32, a, i, false), rnd(I),
             (int)(I.imm & 255));
    d[i] = (u32)t[1] << 16 | t[0];
  });
}
void h_tf32(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32* a = w.R<u32>(I.a);
  Round r = rnd(I);
  const int fl = (int)(I.imm & 255);
  each_scalar<u32>(d, mask, [=](int i) -> u32 {
    u32 b = a[i];
    if ((b & 0x7fffffff) > 0x7f800000) return 0x7fffffff;
    if ((b & 0x7f800000) != 0x7f800000) {
      if (r == RNA)
        b += 0x1000;
      else if (r == RN)
        b += 0xfff + (b >> 13 & 1);
      b &= ~0x1fffu;
      if ((fl & SATF) && (b & 0x7fffffff) == 0x7f800000) b = (b & 0x80000000u) | 0x7f7fe000;
    }
    if ((fl & RELU) && (b >> 31)) b = 0;
    return b;
  });
}
void h_cvt_pack(Warp& w, const Instruction& I, u32 mask) {  // I.y target type, I.z: has c
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  PtxType t = (PtxType)I.y;
  int n = 8 * ty_size(t);
  u32 m = (1u << n) - 1;
  for_lanes(mask, [&](int i) {
    u32 hi = (u32)clamp_int(PtxType::S32, t, (u64)(s64)(s32)a[i]) & m,
        lo = (u32)clamp_int(PtxType::S32, t, (u64)(s64)(s32)b[i]) & m;
    u32 r = hi << n | lo;
    if (I.z) r |= c[i] << (2 * n);
    d[i] = r;
  });
}

Round mode_of(Lower& l) {
  if (l.has("rz") || l.has("rzi")) return RZ;
  if (l.has("rm") || l.has("rmi")) return RM;
  if (l.has("rp") || l.has("rpi")) return RP;
  if (l.has("rna")) return RNA;
  return RN;
}
void op_cvt(Lower& l) {
  PtxType d = l.ty(0), s = l.ty(1);
  Round r = mode_of(l);
  bool irnd = l.has("rni") || l.has("rzi") || l.has("rmi") || l.has("rpi");
  int fl = (l.has("ftz") ? FTZ : 0) | (l.has("sat") ? SAT : 0) | (l.has("relu") ? RELU : 0) |
           (l.has("satfinite") ? SATF : 0) | (irnd ? INTEGRAL : 0);
  l.I.imm = fl | (int)r << 8;
  if (l.has("pack")) {
    l.I.y = (u8)d;
    l.I.dst = l.dst(0, 4);
    l.I.a = l.src(1, PtxType::S32);
    l.I.b = l.src(2, PtxType::S32);
    if (l.nops() > 3) {
      l.I.c = l.src(3, PtxType::B32);
      l.I.z = 1;
    }
    l.emit(h_cvt_pack, InstructionClass::Convert);
    return;
  }
  if ((d == PtxType::F16x2 || d == PtxType::BF16x2) && s == PtxType::F32) {
    l.I.dst = l.dst(0, 4);
    l.I.a = l.src(1, s);
    l.I.b = l.src(2, s);
    l.I.y = (u8)(d == PtxType::F16x2 ? PtxType::F16 : PtxType::BF16);
    if (r == RN && !fl)
      l.emit(d == PtxType::BF16x2 ? h_pack_rn<true> : h_pack_rn<false>, InstructionClass::Convert);
    else
      l.emit(h_pack_any, InstructionClass::Convert);
    return;
  }
  if (d == PtxType::TF32) {
    l.I.dst = l.dst(0, 4);
    l.I.a = l.src(1, PtxType::F32);
    l.emit(h_tf32, InstructionClass::Convert);
    return;
  }
  if (d == PtxType::E4M3x2 || d == PtxType::E5M2x2) {
    l.I.y = d == PtxType::E5M2x2;
    l.I.dst = l.dst(0, 2);
    l.I.a = l.src(1, s);
    if (s == PtxType::F32)
      l.I.b = l.src(2, s);
    else
      l.I.x = s == PtxType::F16x2 ? 1 : 2;
    l.emit(h_to_fp8, InstructionClass::Convert);
    return;
  }
  if (s == PtxType::E4M3x2 || s == PtxType::E5M2x2) {
    l.I.y = s == PtxType::E5M2x2;
    l.I.x = d == PtxType::BF16x2;
    l.I.dst = l.dst(0, 4);
    l.I.a = l.src(1, PtxType::B16);
    l.emit(h_from_fp8, InstructionClass::Convert);
    return;
  }
  // Registers may be wider than the type.
  int sr = l.reg_size(l.op(1)), dr = l.reg_size(l.op(0));
  if (!sr) sr = std::max(2, ty_size(s));
  if (!dr) dr = std::max(2, ty_size(d));
  l.I.dst = l.dst(0, dr);
  l.I.a = l.op(1).kind == PtxOperand::Reg ? l.src(1, PtxType::None) : l.src(1, s);
  l.I.x = (u8)s;
  l.I.y = (u8)d;
  l.I.z = (u8)(sr | dr << 4);
  bool sf = is_fp(s), df = is_fp(d);
  if ((sf && sr != ty_size(s)) || (df && dr != ty_size(d))) l.bad("register size");
  Handler h = nullptr;
  if (!sf && !df) {
    h = h_ii_any;
    if (!(fl & SAT) && sr == ty_size(s) && dr == ty_size(d)) {
      auto to = [&](auto v) -> Handler {
        using S = decltype(v);
        return dr == 2 ? h_ii<u16, S> : dr == 4 ? h_ii<u32, S> : h_ii<u64, S>;
      };
      by_int(l, s, [&](auto v) { h = to(v); });
    } else if (!(fl & SAT) && dr == ty_size(d) && sr == 2 && s == PtxType::U8 && dr >= 2 &&
               ty_size(d) > 1)
      h = h_ii_any;
  } else if (sf && !df) {
    h = h_fi_any;
    if (s == PtxType::F32 && d == PtxType::S32 && dr == 4 && !(fl & FTZ))
      h = r == RN   ? h_f32_s32<RN>
          : r == RZ ? h_f32_s32<RZ>
          : r == RM ? h_f32_s32<RM>
                    : h_f32_s32<RP>;
  } else if (!sf && df) {
    h = h_if_any;
    if (r == RN && !(fl & SAT) && sr == ty_size(s)) {
      if (d == PtxType::F32)
        h = s == PtxType::S32   ? h_i_f32<s32>
            : s == PtxType::U32 ? h_i_f32<u32>
            : s == PtxType::S64 ? h_i_f32<s64>
            : s == PtxType::U64 ? h_i_f32<u64>
            : s == PtxType::S16 ? h_i_f32<s16>
            : s == PtxType::U16 ? h_i_f32<u16>
                                : h;
      if (d == PtxType::F64)
        h = s == PtxType::S32   ? h_i_f64<s32>
            : s == PtxType::U32 ? h_i_f64<u32>
            : s == PtxType::S64 ? h_i_f64<s64>
            : s == PtxType::U64 ? h_i_f64<u64>
                                : h;
    }
  } else {
    h = h_ff_any;
    bool plain = !(fl & ~FTZ), exact_n = r == RN;
    if (plain && s == PtxType::F32 && d == PtxType::F64)
      h = fl & FTZ ? h_f32_f64<true> : h_f32_f64<false>;
    else if (plain && exact_n && s == PtxType::F64 && d == PtxType::F32)
      h = fl & FTZ ? h_f64_f32<true> : h_f64_f32<false>;
    else if (!fl && s == PtxType::F16 && d == PtxType::F32)
      h = h_f16_f32;
    else if (!fl && s == PtxType::BF16 && d == PtxType::F32)
      h = h_bf16_f32;
    else if (!fl && exact_n && s == PtxType::F32 && d == PtxType::F16)
      h = h_f32_f16;
    else if (!fl && exact_n && s == PtxType::F32 && d == PtxType::BF16)
      h = h_f32_bf16;
  }
  l.emit(h, InstructionClass::Convert);
}
}  // namespace
VGPU_OP(cvt, op_cvt);
}  // namespace vgpu
