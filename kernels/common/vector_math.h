// Vector mathematics for Highway kernels, with NaN kept and infinities exact. Highway 1.0.3's own
// Exp(NaN) is 0 and its Max/Min return the second argument on NaN, so kernels use these instead.
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_VECTOR_MATH_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_VECTOR_MATH_H_
#undef EBB_VECTOR_MATH_H_
#else
#define EBB_VECTOR_MATH_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Lane-wise maximum; NaN if either is NaN.
template <class V>
HWY_INLINE V maximum(V a, V b) {
  return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, hn::Max(a, b)));
}

/// Lane-wise minimum; NaN if either is NaN.
template <class V>
HWY_INLINE V minimum(V a, V b) {
  return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, hn::Min(a, b)));
}

/// p * 2^k for whole k in [-252, 129], rounded once if subnormal; NaN of p kept.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V times_power_of_two(D d, V p, V k) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (hn::MaxLanes(D()) == 16) return V{_mm512_scalef_ps(p.raw, k.raw)};
#endif
  const hn::RebindToSigned<D> di;
  const auto exponent = hn::ConvertTo(di, k);
  // In two steps, since 2^k itself may not be a normal number.
  const auto half = hn::ShiftRight<1>(exponent);
  const auto power = [&](auto e) HWY_ATTR {
    return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(e, hn::Set(di, 127))));
  };
  return hn::Mul(hn::Mul(p, power(half)), power(hn::Sub(exponent, half)));
}

// Below it e^x is 0 in f32.
inline constexpr float kExpIsZero = -104.5F;

/// exp(x) for x in [-170, 89] and NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_within_range(D d, V x) {
  // Beside 1.5 * 2^23 there is room for whole numbers only: it rounds.
  const V rounder = hn::Set(d, 12582912.0F);
  const V k = hn::Sub(hn::MulAdd(x, hn::Set(d, 1.44269504088896341F), rounder), rounder);
  V r = hn::NegMulAdd(k, hn::Set(d, 0.693359375F), x);
  r = hn::NegMulAdd(k, hn::Set(d, -2.12194440e-4F), r);
  V p = hn::Set(d, 1.38144335e-03F);
  p = hn::MulAdd(p, r, hn::Set(d, 8.36879667e-03F));
  p = hn::MulAdd(p, r, hn::Set(d, 4.16683964e-02F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.66665196e-01F));
  p = hn::MulAdd(p, r, hn::Set(d, 4.99999940e-01F));
  p = hn::MulAdd(hn::Mul(p, r), r, r);
  p = hn::Add(p, hn::Set(d, 1.0F));
  return times_power_of_two(d, p, k);
}

/// x within [low, high]; NaN kept: of two arguments x86 gives the second where one is NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V clamp(D d, V x, float low, float high) {
  return hn::Min(hn::Set(d, high), hn::Max(hn::Set(d, low), x));
}

/// e^x for f32: at most 1.1 units in the last place off; inf above 88.73, 0 below -103.98,
/// subnormal results right, NaN kept. Cody-Waite reduction to |r| <= ln(2)/2, then 1 + r + r^2
/// times a polynomial in r (coefficients from scripts/fit_vector_math.py), then scaling by 2^k.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  return exp_within_range(d, clamp(d, x, kExpIsZero, 89.0F));
}

/// 2^t for f32: at most 1.2 units in the last place off; inf from 128, 0 below -150, subnormal
/// results right, NaN kept. t is its nearest whole number and the rest, whose power is a polynomial
/// (coefficients from scripts/fit_vector_math.py).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp2(D d, V t) {
  V r;
  V k;
#if HWY_TARGET == HWY_AVX3
  constexpr bool kReduces = hn::MaxLanes(D()) == 16;
  if constexpr (kReduces) {
    r = V{_mm512_reduce_ps(t.raw, _MM_FROUND_TO_NEAREST_INT)};
    k = hn::Sub(t, r);
  }
#else
  constexpr bool kReduces = false;
#endif
  if constexpr (!kReduces) {
    t = clamp(d, t, -151.0F, 129.0F);
    k = hn::Round(t);
    r = hn::Sub(t, k);
  }
  V p = hn::Set(d, 1.53458124e-04F);
  p = hn::MulAdd(p, r, hn::Set(d, 1.33999309e-03F));
  p = hn::MulAdd(p, r, hn::Set(d, 9.61848907e-03F));
  p = hn::MulAdd(p, r, hn::Set(d, 5.55032864e-02F));
  p = hn::MulAdd(p, r, hn::Set(d, 2.40226462e-01F));
  p = hn::MulAdd(p, r, hn::Set(d, 6.93147182e-01F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
  return times_power_of_two(d, p, k);
}

/// e^(a - b) for f32, at any magnitude. The difference and its product with log2(e) are rounded, so
/// the relative error is at most 1.5e-7 + 1.4e-7 |a - b|. NaN kept.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_difference(D d, V a, V b) {
  return exp2(d, hn::Mul(hn::Sub(a, b), hn::Set(d, 1.44269504088896341F)));
}

/// The scaled complementary error function e^(z^2) erfc(z) for f32 z >= 0: the relative error is at
/// most 3e-7 e^(z^2 / 4) up to z = 4, beyond which the value at 4 is given; NaN kept. It is meant
/// to be multiplied by exp(-z^2), which is small where the error is large. A polynomial in s = (z -
/// 3) / (z + 3), in which the function is nearly straight; coefficients from
/// scripts/fit_vector_math.py.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V erfcx(D d, V z) {
  const V center = hn::Set(d, 3.0F);
  const V clamped = hn::Min(hn::Set(d, 4.0F), z);  // in this order NaN is kept
  const V s = hn::Div(hn::Sub(clamped, center), hn::Add(clamped, center));
  V p = hn::Set(d, 2.29902985e-03F);
  p = hn::MulAdd(p, s, hn::Set(d, 6.04063552e-03F));
  p = hn::MulAdd(p, s, hn::Set(d, -2.33848952e-02F));
  p = hn::MulAdd(p, s, hn::Set(d, 7.19461739e-02F));
  p = hn::MulAdd(p, s, hn::Set(d, -1.50091887e-01F));
  p = hn::MulAdd(p, s, hn::Set(d, 2.45600179e-01F));
  p = hn::MulAdd(p, s, hn::Set(d, -3.26234132e-01F));
  return hn::MulAdd(p, s, hn::Set(d, 1.79001153e-01F));
}

/// The error function for f32: at most 1.5 units in the last place off; NaN kept, erf(+-inf) = +-1,
/// erf(-0) = -0. x + x P(x^2) for |x| < 0.9, else 1 - exp(-x^2) erfcx(|x|); coefficients from
/// scripts/fit_vector_math.py.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V erf(D d, V x) {
  const V square = hn::Mul(x, x);
  V p = hn::Set(d, -6.09036011e-04F);
  p = hn::MulAdd(p, square, hn::Set(d, 5.01196273e-03F));
  p = hn::MulAdd(p, square, hn::Set(d, -2.67789084e-02F));
  p = hn::MulAdd(p, square, hn::Set(d, 1.12821408e-01F));
  p = hn::MulAdd(p, square, hn::Set(d, -3.76125246e-01F));
  p = hn::MulAdd(p, square, hn::Set(d, 1.28379151e-01F));
  const V small = hn::MulAdd(p, x, x);
  const V magnitude = hn::Abs(x);
  const V complement = hn::Mul(exp(d, hn::Neg(square)), erfcx(d, magnitude));
  const V large = hn::CopySign(hn::Sub(hn::Set(d, 1.0F), complement), x);
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.9F)), small, large);
}

/// sin(2 pi t) and cos(2 pi t) for f32: within 1e-7 of the truth. Whole and quarter turns come off
/// exactly, then Taylor polynomials of the angle, at most pi / 4, whose remainders are below 2e-9.
/// NaN and infinities give NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void sin_cos_turns(D d, V turns, V& sine, V& cosine) {
  const hn::RebindToSigned<D> di;
  const V part = hn::Sub(turns, hn::Round(turns));
  const V quarters = hn::Round(hn::Mul(part, hn::Set(d, 4.0F)));
  const V rest = hn::NegMulAdd(quarters, hn::Set(d, 0.25F), part);
  const V angle = hn::Mul(rest, hn::Set(d, 6.28318530717958648F));
  const V square = hn::Mul(angle, angle);
  V s = hn::Set(d, 1.0F / 362880.0F);
  s = hn::MulAdd(s, square, hn::Set(d, -1.0F / 5040.0F));
  s = hn::MulAdd(s, square, hn::Set(d, 1.0F / 120.0F));
  s = hn::MulAdd(s, square, hn::Set(d, -1.0F / 6.0F));
  s = hn::MulAdd(hn::Mul(s, square), angle, angle);
  V c = hn::Set(d, -1.0F / 3628800.0F);
  c = hn::MulAdd(c, square, hn::Set(d, 1.0F / 40320.0F));
  c = hn::MulAdd(c, square, hn::Set(d, -1.0F / 720.0F));
  c = hn::MulAdd(c, square, hn::Set(d, 1.0F / 24.0F));
  c = hn::MulAdd(c, square, hn::Set(d, -0.5F));
  c = hn::MulAdd(c, square, hn::Set(d, 1.0F));
  // Each quarter turn takes (sin, cos) to (cos, -sin).
  const auto quadrant = hn::ConvertTo(di, quarters);
  const auto one = hn::Set(di, 1);
  const auto two = hn::Set(di, 2);
  const auto swap = hn::RebindMask(d, hn::Eq(hn::And(quadrant, one), one));
  const auto sine_sign = hn::BitCast(d, hn::ShiftLeft<30>(hn::And(quadrant, two)));
  const auto cosine_sign = hn::BitCast(d, hn::ShiftLeft<30>(hn::And(hn::Add(quadrant, one), two)));
  sine = hn::Xor(hn::IfThenElse(swap, c, s), sine_sign);
  cosine = hn::Xor(hn::IfThenElse(swap, s, c), cosine_sign);
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_VECTOR_MATH_H_
