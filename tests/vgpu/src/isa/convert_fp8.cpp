// Conversions to and from 8-bit floats.
#include "tests/vgpu/src/isa/convert.h"
namespace vgpu {
namespace {
u8 to_fp8(double v, bool e5m2, bool relu) {  // always .satfinite
  if (v != v) return 0x7f;
  if (relu && v < 0) v = 0;
  u8 s = std::signbit(v) ? 0x80 : 0;
  if (relu && s) s = 0;
  double a = std::fabs(v);
  if (e5m2) {
    u32 r = encode<5, 2>(a, RN);
    return s | (u8)(r >= 0x7c ? 0x7b : r);
  }
  // e4m3: bias 7, exponent 15 still holds numbers up to 448.
  if (a >= 464.0) return s | 0x7e;
  u32 r = encode<5, 3>(std::ldexp(a, -8),
                       RN);  // same grid: a 5-bit exponent with bias 15 covers it shifted by 2^-8
  return s | (u8)(r > 0x7e ? 0x7e : r);
}
float from_fp8(u8 h, bool e5m2) {
  if (e5m2) return half_to_float((u16)(h << 8));
  int e = h >> 3 & 15, m = h & 7;
  float s = h & 0x80 ? -1.0f : 1.0f;
  if (e == 15 && m == 7) return bitcast<float>(0x7fffffffu);
  return s * (e ? std::ldexp(1.0f + m / 8.0f, e - 7) : std::ldexp(m / 8.0f, -6));
}
}  // namespace

void h_to_fp8(Warp& w, const Instruction& I,
              u32 mask) {  // I.x: 0 from two f32, 1 from f16x2, 2 from bf16x2; I.y: e5m2
  u16* d = w.R<u16>(I.dst);
  for_lanes(mask, [&](int i) {
    double hi, lo;
    if (I.x == 0) {
      hi = w.R<float>(I.a)[i];
      lo = w.R<float>(I.b)[i];
    } else {
      u32 p = w.R<u32>(I.a)[i];
      hi = I.x == 1 ? half_to_float((u16)(p >> 16)) : bf16_to_float((u16)(p >> 16));
      lo = I.x == 1 ? half_to_float((u16)p) : bf16_to_float((u16)p);
    }
    d[i] = (u16)(to_fp8(hi, I.y, I.imm & RELU) << 8 | to_fp8(lo, I.y, I.imm & RELU));
  });
}
void h_from_fp8(Warp& w, const Instruction& I, u32 mask) {  // I.y: e5m2, I.x: to bf16x2
  u32* d = w.R<u32>(I.dst);
  const u16* a = w.R<u16>(I.a);
  for_lanes(mask, [&](int i) {
    auto one = [&](u8 v) -> u32 {
      float f = from_fp8(v, I.y);
      u16 h = I.x ? float_to_bf16_rn(f) : float_to_half_rn(f);
      if ((I.imm & RELU) && (h & 0x8000) && (h & 0x7fff) <= 0x7c00) h = 0;
      return h;
    };
    d[i] = one((u8)(a[i] >> 8)) << 16 | one((u8)a[i]);
  });
}
}  // namespace vgpu
