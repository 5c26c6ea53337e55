// Earlier rows train, later rows measure, as a model will be used: no training row is as late as a
// row of a later part, and rows of one time stay on one side.
//
// A time is any whole number that orders the rows, such as microseconds since 1970; of a column,
// see row_times.h. Of n rows in order of time, a part of fraction f would get the last round(n f)
// of those before the later parts. The cut then moves to the nearest change of time (of two as near
// the later one), but so that each part has a row. So parts may be far from their fractions where
// many rows have one time.
//
// A gap keeps what a row's label looks ahead to out of what is measured: a row of an earlier part
// is left out unless it lies at least `gap` before the first row of the part after it. 0 leaves out
// none.
//
// Cost: one sort.
#pragma once

#include "preprocessing/split/split.h"

namespace ebb::preprocessing {

struct TimeSplitOptions {
  double validation_fraction = 0.15;  ///< of all rows, in [0, 1)
  double test_fraction = 0.2;         ///< of all rows, in [0, 1); 0: no test rows
  std::int64_t gap = 0;               ///< in units of the times, not negative
};

/// Training rows, then validation rows, then test rows. Throws DataError for fractions out of range
/// or that leave no training rows, a negative gap, a missing time (kMissingInteger), fewer distinct
/// times than parts that were asked for, and a gap that leaves a part without rows. Whether the
/// training rows hold both classes is for check_split to say.
Split time_split(std::span<const std::int64_t> times, const TimeSplitOptions& options);

/// Folds of an expanding window, earliest first: the rows in order of time are cut into folds + 1
/// blocks, the later ones of n / (folds + 1) rows each, rounded down, and the first of the rest.
/// Round i trains on blocks 0 to i and measures block i + 1. Where no time repeats and there is no
/// gap, these are the folds of scikit-learn's TimeSeriesSplit, whose gap is one of rows. Throws
/// DataError unless 2 <= folds, and as time_split.
std::vector<Fold> time_folds(std::span<const std::int64_t> times, std::uint32_t folds,
                             std::int64_t gap = 0);

}  // namespace ebb::preprocessing
