// Against the C library's functions in long double, whose rounding is 2000 times as fine.
#include "preprocessing/scaling/portable_math.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "preprocessing/split/random_order.h"

namespace ebb::preprocessing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The distance of `found` from `exact` in units of the last place of an f64 of that size.
long double units_apart(double found, long double exact) {
  int exponent = 0;
  std::frexp(exact, &exponent);
  return std::abs(found - exact) / std::ldexp(1.0L, std::max(exponent - 53, -1074));
}

/// The largest distance over numbers whose sizes are spread evenly over powers of two.
long double worst(double (*function)(double), long double (*exact)(long double), double least_log,
                  double most_log, bool has_negative) {
  SplitMix64 generator(7, 0);
  long double most = 0.0L;
  for (int i = 0; i < 400000; ++i) {
    const double share = static_cast<double>(generator.below(1U << 30)) / (1U << 30);
    double x = std::exp2(least_log + share * (most_log - least_log));
    if (has_negative && i % 2 == 1) x = -x;
    most = std::max(most, units_apart(function(x), exact(x)));
  }
  return most;
}

TEST(PortableMath, ErrsByLittleMoreThanRounding) {
  EXPECT_LT(worst(portable_log, std::log, -1073.0, 1023.9, false), 0.9L);
  EXPECT_LT(worst(portable_log, std::log, -1.0, 1.0, false), 0.9L);
  EXPECT_LT(worst(portable_log1p, std::log1p, -60.0, 1023.9, false), 0.9L);
  EXPECT_LT(worst(portable_log1p, std::log1p, -60.0, -1e-9, true), 0.9L);
  EXPECT_LT(worst(portable_exp, std::exp, -60.0, 9.46, true), 0.9L);
  EXPECT_LT(worst(portable_expm1, std::expm1, -60.0, 9.46, true), 1.4L);
}

TEST(PortableMath, KnowsSpecialValues) {
  EXPECT_EQ(portable_log(1.0), 0.0);
  EXPECT_EQ(portable_log(0.0), -kInfinity);
  EXPECT_EQ(portable_log(kInfinity), kInfinity);
  EXPECT_EQ(portable_log1p(-1.0), -kInfinity);
  EXPECT_EQ(portable_log1p(kInfinity), kInfinity);
  EXPECT_EQ(portable_exp(0.0), 1.0);
  EXPECT_EQ(portable_exp(-kInfinity), 0.0);
  EXPECT_EQ(portable_exp(kInfinity), kInfinity);
  EXPECT_EQ(portable_exp(-745.0), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(portable_expm1(-kInfinity), -1.0);
  EXPECT_EQ(portable_expm1(kInfinity), kInfinity);
  for (const auto function : {portable_log, portable_log1p, portable_exp, portable_expm1}) {
    EXPECT_TRUE(std::isnan(function(std::nan(""))));
  }
  for (const auto function : {portable_log, portable_log1p}) {
    EXPECT_TRUE(std::isnan(function(-2.0)));
  }
  for (const auto function : {portable_log1p, portable_expm1}) {
    EXPECT_EQ(function(5e-324), 5e-324);
    EXPECT_TRUE(std::signbit(function(-0.0)));
  }
  EXPECT_TRUE(std::signbit(portable_copysign(3.0, -0.0)));
  EXPECT_EQ(portable_abs(-3.0), 3.0);
}

// The same bits as when this was written, whatever compiles it: CUDA's are compared with the CPU's
// in encode_numbers_device_test.cpp.
TEST(PortableMath, ConstantsOfTheCompilerAreThoseOfTheProgram) {
  constexpr double kLog = portable_log(3.7);
  constexpr double kExp = portable_exp(-12.25);
  volatile double x = 3.7;
  volatile double y = -12.25;
  EXPECT_EQ(portable_log(x), kLog);
  EXPECT_EQ(portable_exp(y), kExp);
}

}  // namespace
}  // namespace ebb::preprocessing
