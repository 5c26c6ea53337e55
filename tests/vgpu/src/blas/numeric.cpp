#include "tests/vgpu/src/blas/numeric.h"

#include <array>
namespace vgblas {
const char* name_of(T t) {
  static const char* n[] = {"f32", "f64", "f16", "bf16", "e4m3", "e5m2", "i8", "i32", "?"};
  return n[(int)t];
}
namespace {
constexpr float pow2(int e) {
  float v = 1;
  for (; e > 0; e--) v *= 2;
  for (; e < 0; e++) v *= 0.5f;
  return v;
}
// An fp8 number: eb exponent bits, mb mantissa bits.
constexpr float decode(int v, int eb, int mb) {
  const int bias = (1 << (eb - 1)) - 1, m = v & ((1 << mb) - 1), e = (v >> mb) & ((1 << eb) - 1);
  const float s = v & 0x80 ? -1.f : 1.f;
  if (eb == 5 && e == 31) return m ? __builtin_nanf("") : s * __builtin_inff();
  if (eb == 4 && (v & 0x7f) == 0x7f) return __builtin_nanf("");
  return e ? s * (1.f + (float)m / (1 << mb)) * pow2(e - bias)
           : s * ((float)m / (1 << mb)) * pow2(1 - bias);
}
// To nearest even on the grid of the format, saturating at `max` (a code).
VGPU_INLINE u8 encode(float f, int eb, int mb, u8 max, float maxval) {
  const u32 u = bitcast<u32>(f);
  const u8 s = (u8)(u >> 24 & 0x80);
  const float a = bitcast<float>(u & 0x7fffffffu);
  if (a != a) return 0x7f;
  if (a >= maxval) return s | max;
  const int bias = (1 << (eb - 1)) - 1;
  int e = (int)(u >> 23 & 0xff) - 127;
  if (e < 1 - bias) e = 1 - bias;                         // subnormal grid
  const float q = std::nearbyint(std::ldexp(a, mb - e));  // integer multiple of 2^(e - mb)
  int m = (int)q, code;
  if (e == 1 - bias)
    code = m;  // may carry into the first normal
  else
    code = ((e + bias) << mb) + (m - (1 << mb));  // may carry into the next binade
  return s | (u8)(code > max ? max : code);
}
template <int E, int M>
constexpr std::array<float, 256> table() {
  std::array<float, 256> t{};
  for (int i = 0; i < 256; i++) t[i] = decode(i, E, M);
  return t;
}
template <T t>
void load_n(const void* p, s64 st, s64 n, float* o) {
  auto* q = (const typename Elem<t>::S*)p;
  if (st == 1)
    for (s64 i = 0; i < n; i++) o[i] = (float)Elem<t>::load(q + i);
  else
    for (s64 i = 0; i < n; i++) o[i] = (float)Elem<t>::load(q + i * st);
}
template <T t>
void store_n(void* p, s64 st, s64 n, const float* v) {
  auto* q = (typename Elem<t>::S*)p;
  if (st == 1)
    for (s64 i = 0; i < n; i++) Elem<t>::store(q + i, v[i]);
  else
    for (s64 i = 0; i < n; i++) Elem<t>::store(q + i * st, v[i]);
}
}  // namespace
namespace {
constexpr auto t43 = table<4, 3>(), t52 = table<5, 2>();
}
#define R4(a, i) a[i], a[i + 1], a[i + 2], a[i + 3]
#define R16(a, i) R4(a, i), R4(a, i + 4), R4(a, i + 8), R4(a, i + 12)
#define R64(a, i) R16(a, i), R16(a, i + 16), R16(a, i + 32), R16(a, i + 48)
const float kE4M3[256] = {R64(t43, 0), R64(t43, 64), R64(t43, 128), R64(t43, 192)};
const float kE5M2[256] = {R64(t52, 0), R64(t52, 64), R64(t52, 128), R64(t52, 192)};
u8 f32_to_e4m3(float f) { return encode(f, 4, 3, 0x7e, 448.f); }
u8 f32_to_e5m2(float f) { return encode(f, 5, 2, 0x7b, 57344.f); }
void load_f32(T t, const void* p, s64 st, s64 n, float* o) {
  with_type(t, [&]<T x>() { load_n<x>(p, st, n, o); });
}
void store_f32(T t, void* p, s64 st, s64 n, const float* v) {
  with_type(t, [&]<T x>() { store_n<x>(p, st, n, v); });
}
}  // namespace vgblas
