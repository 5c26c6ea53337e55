// Vector mathematics at every instruction set: special values, and the units in the last place by
// which a dense sweep of arguments is off.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/common/vector_math_test.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/vector_loop.h"
#include "kernels/common/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

void exp_all(const float* x, float* y, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store)
                         HWY_ATTR { store(exp(hn::ScalableTag<float>(), load(x + i)), y + i); });
}

void exp2_all(const float* x, float* y, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store)
                         HWY_ATTR { store(exp2(hn::ScalableTag<float>(), load(x + i)), y + i); });
}

void erf_all(const float* x, float* y, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store)
                         HWY_ATTR { store(erf(hn::ScalableTag<float>(), load(x + i)), y + i); });
}

void erfcx_all(const float* x, float* y, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store)
                         HWY_ATTR { store(erfcx(hn::ScalableTag<float>(), load(x + i)), y + i); });
}

void sin_cos_turns_all(const float* x, float* sine, float* cosine, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    hn::Vec<hn::ScalableTag<float>> s;
    hn::Vec<hn::ScalableTag<float>> c;
    sin_cos_turns(hn::ScalableTag<float>(), load(x + i), s, c);
    store(s, sine + i);
    store(c, cosine + i);
  });
}

void extremes_all(const float* a, const float* b, float* most, float* least, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(maximum(load(a + i), load(b + i)), most + i);
    store(minimum(load(a + i), load(b + i)), least + i);
  });
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/kernels/support/backends.h"

namespace ebb::kernels {
namespace {

HWY_EXPORT(exp_all);
HWY_EXPORT(exp2_all);
HWY_EXPORT(erf_all);
HWY_EXPORT(erfcx_all);
HWY_EXPORT(sin_cos_turns_all);
HWY_EXPORT(extremes_all);

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();
constexpr float kSmallest = std::numeric_limits<float>::min();
constexpr float kLargest = std::numeric_limits<float>::max();
const std::vector<float> kSpecial = {0.0F,     -0.0F,   kTiny,    -kTiny,    kSmallest, -kSmallest,
                                     1.0F,     -1.0F,   kLargest, -kLargest, kInfinity, -kInfinity,
                                     kNaN,     88.72F,  88.73F,   -87.4F,    -103.9F,   -104.5F,
                                     -1000.0F, 1000.0F, 0.9F,     -0.9F,     4.0F,      -4.0F};

/// Every `step`-th float of both signs with magnitude in [from, to].
std::vector<float> sweep(float from, float to, std::uint32_t step) {
  std::vector<float> values;
  for (auto bits = std::bit_cast<std::uint32_t>(from); bits <= std::bit_cast<std::uint32_t>(to);
       bits += step) {
    values.push_back(std::bit_cast<float>(bits));
    values.push_back(-values.back());
  }
  return values;
}

/// |actual - exact| in units in the last place of an f32 of exact's magnitude.
double ulps_off(float actual, double exact) {
  const auto rounded = static_cast<float>(exact);
  if (std::isinf(rounded) || std::isinf(actual)) {
    return actual == rounded ? 0.0 : std::numeric_limits<double>::infinity();
  }
  const int exponent = std::max(std::ilogb(exact == 0.0 ? 1e-45 : exact), -126);
  return std::fabs(actual - exact) / std::ldexp(1.0, exponent - 23);
}

/// The most units in the last place that `actual` is off from exact(x), NaN for NaN.
template <class Exact>
double most_ulps_off(const std::vector<float>& x, const std::vector<float>& actual, Exact&& exact) {
  double most = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i])) {
      EXPECT_TRUE(std::isnan(actual[i])) << "NaN gave " << actual[i];
      continue;
    }
    const double off = ulps_off(actual[i], exact(static_cast<double>(x[i])));
    if (std::isnan(off)) return off;
    most = std::max(most, off);
  }
  return most;
}

TEST(VectorMathTest, ExpIsWithinItsBound) {
  std::vector<float> x = sweep(1e-9F, 110.0F, 331);
  x.insert(x.end(), kSpecial.begin(), kSpecial.end());
  ebb::testing::for_each_instruction_set([&] {
    std::vector<float> y(x.size());
    HWY_DYNAMIC_DISPATCH(exp_all)(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    EXPECT_LE(most_ulps_off(x, y, [](double v) { return std::exp(v); }), 1.1);
  });
}

TEST(VectorMathTest, Exp2IsWithinItsBound) {
  std::vector<float> x = sweep(1e-9F, 160.0F, 331);
  x.insert(x.end(), kSpecial.begin(), kSpecial.end());
  x.insert(x.end(), {127.99F, 128.0F, -126.5F, -149.0F, -149.5F, -150.5F});
  ebb::testing::for_each_instruction_set([&] {
    std::vector<float> y(x.size());
    HWY_DYNAMIC_DISPATCH(exp2_all)(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    EXPECT_LE(most_ulps_off(x, y, [](double v) { return std::exp2(v); }), 1.2);
  });
}

TEST(VectorMathTest, ErfIsWithinItsBound) {
  std::vector<float> x = sweep(1e-9F, 8.0F, 331);
  x.insert(x.end(), kSpecial.begin(), kSpecial.end());
  ebb::testing::for_each_instruction_set([&] {
    std::vector<float> y(x.size());
    HWY_DYNAMIC_DISPATCH(erf_all)(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    EXPECT_LE(most_ulps_off(x, y, [](double v) { return std::erf(v); }), 1.5);
  });
}

TEST(VectorMathTest, ErfKeepsTheSignOfZero) {
  ebb::testing::for_each_instruction_set([] {
    const std::vector<float> x = {0.0F, -0.0F};
    std::vector<float> y(2, kNaN);
    HWY_DYNAMIC_DISPATCH(erf_all)(x.data(), y.data(), 2);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(y[0]), 0u);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(y[1]), 0x80000000u);
  });
}

TEST(VectorMathTest, ErfcxIsRelativelyExactWhereItsFactorIsLarge) {
  std::vector<float> x = sweep(1e-9F, 4.0F, 331);
  std::erase_if(x, [](float v) { return v < 0; });
  ebb::testing::for_each_instruction_set([&] {
    std::vector<float> y(x.size());
    HWY_DYNAMIC_DISPATCH(erfcx_all)(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double z = x[i];
      const double exact = std::exp(z * z) * std::erfc(z);
      ASSERT_NEAR(y[i], exact, 3e-7 * std::exp(z * z / 4) * exact) << "at " << z;
    }
  });
}

TEST(VectorMathTest, SineAndCosineOfTurnsAreWithinTheirBound) {
  std::vector<float> x = sweep(1e-9F, 3e7F, 331);
  for (int eighths = -40; eighths <= 40; ++eighths) {
    x.push_back(static_cast<float>(eighths) / 8.0F);
    x.push_back(std::nextafter(x.back(), 1e9F));
  }
  x.insert(x.end(), kSpecial.begin(), kSpecial.end());
  ebb::testing::for_each_instruction_set([&] {
    std::vector<float> sine(x.size());
    std::vector<float> cosine(x.size());
    HWY_DYNAMIC_DISPATCH(sin_cos_turns_all)
    (x.data(), sine.data(), cosine.data(), static_cast<std::int64_t>(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!std::isfinite(x[i])) {
        EXPECT_TRUE(std::isnan(sine[i]) && std::isnan(cosine[i])) << x[i];
        continue;
      }
      const double turns = x[i];
      const double angle = 6.283185307179586 * (turns - std::round(turns));
      ASSERT_NEAR(sine[i], std::sin(angle), 1e-7) << x[i];
      ASSERT_NEAR(cosine[i], std::cos(angle), 1e-7) << x[i];
    }
  });
}

TEST(VectorMathTest, MaximumAndMinimumKeepNaNOnEitherSide) {
  std::vector<float> a;
  std::vector<float> b;
  for (const float first : kSpecial) {
    for (const float second : kSpecial) {
      a.push_back(first);
      b.push_back(second);
    }
  }
  ebb::testing::for_each_instruction_set([&] {
    std::vector<float> most(a.size());
    std::vector<float> least(a.size());
    HWY_DYNAMIC_DISPATCH(extremes_all)
    (a.data(), b.data(), most.data(), least.data(), static_cast<std::int64_t>(a.size()));
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (std::isnan(a[i]) || std::isnan(b[i])) {
        EXPECT_TRUE(std::isnan(most[i]) && std::isnan(least[i])) << a[i] << ", " << b[i];
      } else {
        EXPECT_EQ(most[i], std::fmax(a[i], b[i]));
        EXPECT_EQ(least[i], std::fmin(a[i], b[i]));
      }
    }
  });
}

}  // namespace
}  // namespace ebb::kernels
#endif  // HWY_ONCE
