// Count, mean, spread, skewness and range of a column of numbers in one pass over memory.
//
// Rows are cut into blocks of kBlockRows. A block's mean comes first, then the sums of its centred
// powers while the block lies in cache; blocks are merged in order (Chan, Golub and LeVeque 1983;
// Pebay 2008 for the third moment). So there is no E[x^2] - E[x]^2, and the bits are the same for
// any number of threads. Values are counted from the first one: a constant column has deviation
// exactly 0. Where sums overflow or underflow, they are taken again over values scaled by a power
// of two, which is exact. Linear cost: about one reading of the column.
#pragma once

#include <cstddef>
#include <span>

namespace ebb::preprocessing {

/// Rows that statistics take together: 16 KiB of f64, which a core's first cache holds.
inline constexpr std::size_t kBlockRows = 2048;
/// Rows that one thread takes together; a multiple of kBlockRows.
inline constexpr std::size_t kRangeRows = 32 * kBlockRows;

struct Moments {
  std::size_t count = 0;    ///< values that are not missing
  std::size_t missing = 0;  ///< NaN
  double mean = 0.0;
  double deviation = 0.0;  ///< population standard deviation (divisor n)
  double skewness = 0.0;   ///< m3 / m2^1.5, population moments; 0 for a constant column
  double minimum = 0.0;
  double maximum = 0.0;

  /// Divisor n, or n - 1 for `sample` (0 for one value). Infinite where f64 cannot hold it.
  [[nodiscard]] double variance(bool sample = false) const;
  /// Whether there is no value, or one value throughout.
  [[nodiscard]] bool is_constant() const { return count == 0 || minimum == maximum; }
};

/// Of `values`, NaN where missing; all 0 without any value. Values must be finite.
Moments moments_of(std::span<const double> values);

/// The power of two that brings the largest |value| into [1/2, 1); 1 if all are 0 or missing.
double unit_scale(std::span<const double> values);

}  // namespace ebb::preprocessing
