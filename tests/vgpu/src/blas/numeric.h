// Element types and their conversions, as the GPU does them: to nearest even, one rounding, fp8
// saturates.
#pragma once
#include <cmath>

#include "tests/vgpu/src/common.h"
#include "tests/vgpu/src/x86.h"
namespace vgblas {
using namespace vgpu;
enum class T : u8 { F32, F64, F16, BF16, E4M3, E5M2, I8, I32, None };
constexpr int size_of(T t) {
  return t == T::F64 ? 8 : t == T::F32 || t == T::I32 ? 4 : t == T::F16 || t == T::BF16 ? 2 : 1;
}
const char* name_of(T t);
inline bool is_fp8(T t) { return t == T::E4M3 || t == T::E5M2; }

// What the operands of an f32 multiplication are rounded to first.
enum class Round : u8 { None, TF32, F16, BF16 };

VGPU_INLINE float bf16_to_f32(u16 v) { return bitcast<float>((u32)v << 16); }
VGPU_INLINE u16 f32_to_bf16(float f) {
  u32 u = bitcast<u32>(f);
  if ((u & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return (u16)((u + 0x7fffu + ((u >> 16) & 1)) >> 16);
}
VGPU_INLINE float f16_to_f32(u16 v) { return _cvtsh_ss(v); }
VGPU_INLINE u16 f32_to_f16(float f) {
  return f != f ? (u16)0x7fff : (u16)_cvtss_sh(f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
VGPU_INLINE float round_tf32(float f) {  // cvt.rna.tf32.f32: half away from zero
  u32 u = bitcast<u32>(f);
  if ((u & 0x7f800000u) == 0x7f800000u) return f;
  return bitcast<float>((u + 0x1000u) & 0xffffe000u);
}
extern const float kE4M3[256], kE5M2[256];
u8 f32_to_e4m3(float f);  // saturating (satfinite), NaN -> 0x7f
u8 f32_to_e5m2(float f);

template <T t>
struct Elem;
template <>
struct Elem<T::F32> {
  using S = float;
  static VGPU_INLINE float load(const S* p) { return *p; }
  static VGPU_INLINE void store(S* p, float v) { *p = v; }
};
template <>
struct Elem<T::F64> {
  using S = double;
  static VGPU_INLINE double load(const S* p) { return *p; }
  static VGPU_INLINE void store(S* p, double v) { *p = v; }
};
template <>
struct Elem<T::F16> {
  using S = u16;
  static VGPU_INLINE float load(const S* p) { return f16_to_f32(*p); }
  static VGPU_INLINE void store(S* p, float v) { *p = f32_to_f16(v); }
};
template <>
struct Elem<T::BF16> {
  using S = u16;
  static VGPU_INLINE float load(const S* p) { return bf16_to_f32(*p); }
  static VGPU_INLINE void store(S* p, float v) { *p = f32_to_bf16(v); }
};
template <>
struct Elem<T::E4M3> {
  using S = u8;
  static VGPU_INLINE float load(const S* p) { return kE4M3[*p]; }
  static VGPU_INLINE void store(S* p, float v) { *p = f32_to_e4m3(v); }
};
template <>
struct Elem<T::E5M2> {
  using S = u8;
  static VGPU_INLINE float load(const S* p) { return kE5M2[*p]; }
  static VGPU_INLINE void store(S* p, float v) { *p = f32_to_e5m2(v); }
};
template <>
struct Elem<T::I8> {
  using S = s8;
  static VGPU_INLINE s32 load(const S* p) { return *p; }
  static VGPU_INLINE void store(S* p, s32 v) { *p = (s8)(v < -128 ? -128 : v > 127 ? 127 : v); }
  static VGPU_INLINE void store(S* p, float v) {
    float r = nearbyintf(v);
    *p = r >= 127.f ? 127 : r <= -128.f ? -128 : r == r ? (s8)r : 0;
  }
};
template <>
struct Elem<T::I32> {
  using S = s32;
  static VGPU_INLINE s32 load(const S* p) { return *p; }
  static VGPU_INLINE void store(S* p, s32 v) { *p = v; }
  static VGPU_INLINE void store(S* p, float v) {
    float r = nearbyintf(v);
    *p = r >= 2147483648.f ? INT32_MAX : r <= -2147483648.f ? INT32_MIN : r == r ? (s32)r : 0;
  }
};
// f.template operator()<t>() for the run-time type t.
template <class F>
VGPU_INLINE auto with_type(T t, F&& f) {
  switch (t) {
    case T::F32:
      return f.template operator()<T::F32>();
    case T::F64:
      return f.template operator()<T::F64>();
    case T::F16:
      return f.template operator()<T::F16>();
    case T::BF16:
      return f.template operator()<T::BF16>();
    case T::E4M3:
      return f.template operator()<T::E4M3>();
    case T::E5M2:
      return f.template operator()<T::E5M2>();
    case T::I8:
      return f.template operator()<T::I8>();
    default:
      return f.template operator()<T::I32>();
  }
}
// n elements from p, `stride` elements apart, as floats (doubles are not for these), and back.
void load_f32(T t, const void* p, s64 stride, s64 n, float* out);
void store_f32(T t, void* p, s64 stride, s64 n, const float* in);
}  // namespace vgblas
