// Sums over a block of rows, vectorised: what moments.h and correlation.h are made of.
//
// Sixteen sums run side by side and are added in order at the end, whatever the width of vectors,
// and nothing is fused: the bits do not depend on the instruction set. A missing value, NaN, is
// selected away, never multiplied.
#pragma once

#include <cstddef>

namespace ebb::preprocessing {

struct BlockMoments {
  double count = 0.0;
  double mean = 0.0;     ///< of value * scale - origin
  double squares = 0.0;  ///< of the distances from the mean
  double cubes = 0.0;
  double minimum = 0.0;  ///< of the values themselves; infinities without any
  double maximum = 0.0;
};

/// Of `count` values, read twice.
BlockMoments block_moments(const double* values, std::size_t count, double origin, double scale);

/// Sums over the rows in which two columns have values.
struct PairSums {
  double count = 0.0;
  double mean_x = 0.0;  ///< of x - origin_x
  double mean_y = 0.0;
  double squares_x = 0.0;  ///< sum of squared distances from the mean
  double squares_y = 0.0;
  double products = 0.0;  ///< sum of products of both distances
};

/// Of `count` pairs, read twice.
PairSums block_pair_sums(const double* x, const double* y, std::size_t count, double origin_x,
                         double origin_y);

}  // namespace ebb::preprocessing
