// How far a figure measured on some rows would move on others: the bootstrap.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

struct BootstrapOptions {
  std::size_t samples = 1000;  ///< how often rows are drawn
  double confidence = 0.95;
  std::uint64_t seed = 0;
};

/// Of one figure; NaN where it was undefined in more than half of the samples.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Figures of rows, always as many; NaN where undefined.
using Measure = std::function<std::vector<double>(const ScoredRows&)>;

/// Percentile intervals (Efron 1979) of each figure of `measure`: every sample draws as many rows
/// as there are, each with the same chance, so that a row counts as often as it was drawn; the
/// interval leaves (1 - confidence) / 2 of the samples on either side, by linear interpolation.
/// `measure` is called from several threads, on rows in falling order of scores. The same bits for
/// any number of threads. Throws Error as `check_rows` does and for no rows, DataError unless
/// samples >= 2 and confidence lies in (0, 1).
std::vector<Interval> bootstrap_intervals(const ScoredRows& rows, const BootstrapOptions& options,
                                          const Measure& measure);

}  // namespace ebb::churn
