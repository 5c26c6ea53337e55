// Activation functions on vectors, for the epilogues of Highway kernels.
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_ACTIVATION_VECTORS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_ACTIVATION_VECTORS_H_
#undef EBB_ACTIVATION_VECTORS_H_
#else
#define EBB_ACTIVATION_VECTORS_H_
#endif

#include <hwy/highway.h>

#include "kernels/activation/activation.h"
#include "kernels/common/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// What x is clamped to, lest products of infinities with zeros be NaN.
// Beyond it, exp(-x^2 / 2) is 0 in f32, so that gelu is exactly 0 or x and its derivative 0 or 1.
inline constexpr float kGeluLimit = 15.0F;
// Beyond it, exp(-x) is 0 or inf in f32.
inline constexpr float kSiluLimit = 128.0F;

/// The standard normal distribution at -|x|, |x| <= kGeluLimit: exp(-x^2 / 2), and the share below
/// -|x|.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normal_tail(D d, V x, V& exponential) {
  exponential = exp_within_range(d, hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5F)));
  const V z = hn::Mul(hn::Abs(x), hn::Set(d, 0.70710678F));
  return hn::Mul(hn::Mul(exponential, hn::Set(d, 0.5F)), erfcx(d, z));
}

/// kind(x) and kind'(x). What the caller does not use is not computed.
template <class V>
struct Activated {
  V value;
  V derivative;
};

template <Activation kKind, class D, class V = hn::Vec<D>>
HWY_INLINE Activated<V> activate(D d, V x) {
  const V zero = hn::Zero(d);
  const V one = hn::Set(d, 1.0F);
  if constexpr (kKind == Activation::relu) {
    const V nan_or_zero = hn::IfThenElse(hn::IsNaN(x), x, zero);
    return {hn::IfThenElse(hn::Lt(x, zero), zero, x),
            hn::IfThenElse(hn::Gt(x, zero), one, nan_or_zero)};
  } else if constexpr (kKind == Activation::gelu) {
    V exponential;
    const V limited = clamp(d, x, -kGeluLimit, kGeluLimit);
    const V tail = normal_tail(d, limited, exponential);
    const auto negative = hn::Lt(x, zero);
    const V share_below = hn::IfThenElse(negative, tail, hn::Sub(one, tail));
    const V density = hn::Mul(exponential, hn::Set(d, 0.398942280F));
    // relu(x) - |x| tail(|x|): nothing cancels on either side.
    return {hn::NegMulAdd(hn::Abs(limited), tail, hn::IfThenElse(negative, zero, x)),
            hn::MulAdd(limited, density, share_below)};
  } else if constexpr (kKind == Activation::silu) {
    const V limited = clamp(d, x, -kSiluLimit, kSiluLimit);
    const V denominator = hn::Add(one, exp(d, hn::Neg(limited)));
    const V sigmoid = hn::Div(one, denominator);
    return {hn::Div(hn::IfThenElse(hn::Lt(x, zero), limited, x), denominator),
            hn::Mul(sigmoid, hn::MulAdd(limited, hn::Sub(one, sigmoid), one))};
  } else {
    return {x, one};
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_ACTIVATION_VECTORS_H_
