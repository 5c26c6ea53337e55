// Two passes over values that lie in cache: means, then centred powers.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "preprocessing/statistics/block_sums.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <algorithm>
#include <limits>

#include <hwy/highway.h>

#include "preprocessing/statistics/block_sums.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::preprocessing::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kSums = 16;  // side by side
using D = hn::CappedTag<double, kSums>;
using V = hn::Vec<D>;

/// kSums numbers in as many vectors as that takes.
struct Lanes {
  V parts[kSums];  // of which the first kSums / Lanes(D()) are used

  HWY_INLINE explicit Lanes(double value) {
    for (std::size_t i = 0; i * hn::Lanes(D()) < kSums; ++i) parts[i] = hn::Set(D(), value);
  }
  /// The lanes in order, by add or the like.
  template <class Combine>
  HWY_INLINE double reduce(Combine combine) const {
    double lanes[kSums];
    for (std::size_t i = 0; i * hn::Lanes(D()) < kSums; ++i) {
      hn::StoreU(parts[i], D(), lanes + i * hn::Lanes(D()));
    }
    double result = lanes[0];
    for (std::size_t i = 1; i < kSums; ++i) result = combine(result, lanes[i]);
    return result;
  }
  HWY_INLINE double total() const {
    return reduce([](double a, double b) { return a + b; });
  }
};

/// The last few values of a block, filled up with missing ones.
struct Rest {
  double values[kSums];

  HWY_INLINE Rest(const double* begin, std::size_t count) {
    std::fill(std::copy(begin, begin + count, values), values + kSums,
              std::numeric_limits<double>::quiet_NaN());
  }
};

/// add(part, values) for all vectors of `values`.
template <class Add>
HWY_INLINE void over_values(const double* values, std::size_t count, Add add) {
  const auto add_all = [&](const double* from) HWY_ATTR {
    for (std::size_t i = 0; i * hn::Lanes(D()) < kSums; ++i) {
      add(i, hn::LoadU(D(), from + i * hn::Lanes(D())));
    }
  };
  std::size_t i = 0;
  for (; i + kSums <= count; i += kSums) add_all(values + i);
  if (i < count) add_all(Rest(values + i, count - i).values);
}

/// add(part, x, y) for all vectors of both.
template <class Add>
HWY_INLINE void over_pairs(const double* x, const double* y, std::size_t count, Add add) {
  const auto add_all = [&](const double* from_x, const double* from_y) HWY_ATTR {
    for (std::size_t i = 0; i * hn::Lanes(D()) < kSums; ++i) {
      const std::size_t lane = i * hn::Lanes(D());
      add(i, hn::LoadU(D(), from_x + lane), hn::LoadU(D(), from_y + lane));
    }
  };
  std::size_t i = 0;
  for (; i + kSums <= count; i += kSums) add_all(x + i, y + i);
  if (i < count) add_all(Rest(x + i, count - i).values, Rest(y + i, count - i).values);
}

BlockMoments moments(const double* values, std::size_t size, double origin, double scale) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const D d;
  const V one = hn::Set(d, 1.0);
  const V shift = hn::Set(d, origin);
  const V factor = hn::Set(d, scale);
  Lanes count(0.0);
  Lanes sum(0.0);
  Lanes minimum(kInfinity);
  Lanes maximum(-kInfinity);
  over_values(values, size, [&](std::size_t i, V value) HWY_ATTR {
    const auto is_value = hn::Eq(value, value);
    const V moved = hn::Sub(hn::Mul(value, factor), shift);
    count.parts[i] = hn::Add(count.parts[i], hn::IfThenElseZero(is_value, one));
    sum.parts[i] = hn::Add(sum.parts[i], hn::IfThenElseZero(is_value, moved));
    minimum.parts[i] = hn::IfThenElse(hn::Lt(value, minimum.parts[i]), value, minimum.parts[i]);
    maximum.parts[i] = hn::IfThenElse(hn::Gt(value, maximum.parts[i]), value, maximum.parts[i]);
  });
  BlockMoments result;
  result.count = count.total();
  result.minimum = minimum.reduce([](double a, double b) { return std::min(a, b); });
  result.maximum = maximum.reduce([](double a, double b) { return std::max(a, b); });
  if (result.count == 0.0) return result;
  result.mean = sum.total() / result.count;

  const V mean = hn::Set(d, result.mean);
  Lanes squares(0.0);
  Lanes cubes(0.0);
  over_values(values, size, [&](std::size_t i, V value) HWY_ATTR {
    const V moved = hn::Sub(hn::Mul(value, factor), shift);
    const V distance = hn::IfThenElseZero(hn::Eq(value, value), hn::Sub(moved, mean));
    const V square = hn::Mul(distance, distance);
    squares.parts[i] = hn::Add(squares.parts[i], square);
    cubes.parts[i] = hn::Add(cubes.parts[i], hn::Mul(square, distance));
  });
  result.squares = squares.total();
  result.cubes = cubes.total();
  return result;
}

PairSums pair_sums(const double* x, const double* y, std::size_t size, double origin_x,
                   double origin_y) {
  const D d;
  const V one = hn::Set(d, 1.0);
  const V shift_x = hn::Set(d, origin_x);
  const V shift_y = hn::Set(d, origin_y);
  Lanes count(0.0);
  Lanes sum_x(0.0);
  Lanes sum_y(0.0);
  over_pairs(x, y, size, [&](std::size_t i, V a, V b) HWY_ATTR {
    const auto is_pair = hn::And(hn::Eq(a, a), hn::Eq(b, b));
    count.parts[i] = hn::Add(count.parts[i], hn::IfThenElseZero(is_pair, one));
    sum_x.parts[i] = hn::Add(sum_x.parts[i], hn::IfThenElseZero(is_pair, hn::Sub(a, shift_x)));
    sum_y.parts[i] = hn::Add(sum_y.parts[i], hn::IfThenElseZero(is_pair, hn::Sub(b, shift_y)));
  });
  PairSums result;
  result.count = count.total();
  if (result.count == 0.0) return result;
  result.mean_x = sum_x.total() / result.count;
  result.mean_y = sum_y.total() / result.count;

  const V mean_x = hn::Set(d, result.mean_x);
  const V mean_y = hn::Set(d, result.mean_y);
  Lanes squares_x(0.0);
  Lanes squares_y(0.0);
  Lanes products(0.0);
  over_pairs(x, y, size, [&](std::size_t i, V a, V b) HWY_ATTR {
    const auto is_pair = hn::And(hn::Eq(a, a), hn::Eq(b, b));
    const V distance_x = hn::IfThenElseZero(is_pair, hn::Sub(hn::Sub(a, shift_x), mean_x));
    const V distance_y = hn::IfThenElseZero(is_pair, hn::Sub(hn::Sub(b, shift_y), mean_y));
    squares_x.parts[i] = hn::Add(squares_x.parts[i], hn::Mul(distance_x, distance_x));
    squares_y.parts[i] = hn::Add(squares_y.parts[i], hn::Mul(distance_y, distance_y));
    products.parts[i] = hn::Add(products.parts[i], hn::Mul(distance_x, distance_y));
  });
  result.squares_x = squares_x.total();
  result.squares_y = squares_y.total();
  result.products = products.total();
  return result;
}

}  // namespace ebb::preprocessing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::preprocessing {

HWY_EXPORT(moments);
HWY_EXPORT(pair_sums);

BlockMoments block_moments(const double* values, std::size_t count, double origin, double scale) {
  return HWY_DYNAMIC_DISPATCH(moments)(values, count, origin, scale);
}

PairSums block_pair_sums(const double* x, const double* y, std::size_t count, double origin_x,
                         double origin_y) {
  return HWY_DYNAMIC_DISPATCH(pair_sums)(x, y, count, origin_x, origin_y);
}

}  // namespace ebb::preprocessing
#endif
