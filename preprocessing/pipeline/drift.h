// How new rows differ from the rows that the pipeline was fitted to.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ebb::preprocessing {

/// What transform counted in one input column, summed over all tables given to it.
struct ColumnDrift {
  std::string name;
  bool is_absent = false;  ///< the table has no such column and all values count as missing
  std::size_t missing = 0;
  std::vector<std::size_t> counts;  ///< number: per bucket of the statistics; category: per code
  // number
  std::size_t values = 0;   ///< that are not missing
  std::size_t outside = 0;  ///< values below the training minimum or above the maximum
  double lowest = 0.0;      ///< of all values, if there is one
  double highest = 0.0;
  double sum = 0.0;
  // category
  std::size_t unseen = 0;      ///< values that no training row had, or too few
  std::string unseen_example;  ///< the first of them
};

/// Filled by Pipeline::transform, which adds to what is there, so that one report can follow a file
/// that is read in chunks. Columns: Pipeline::judged_numbers, then judged_categories.
struct DriftReport {
  std::size_t rows = 0;
  std::vector<ColumnDrift> columns;
};

/// The population stability index, sum over buckets of (a - e) ln(a / e), of the shares e of
/// `expected` and a of `actual` counts (equal lengths), each count raised by 1/2 so that an empty
/// bucket stays finite. 0 for equal shares.
double population_stability_index(const std::vector<std::size_t>& expected,
                                  const std::vector<std::size_t>& actual);

/// Rows below which distributions are not compared: the index of so few is noise.
inline constexpr std::size_t kLeastDriftRows = 50;
/// The usual limit for a large shift of the index; the index that chance alone would give,
/// (buckets - 1) (1 / rows + 1 / training rows), is added to it.
inline constexpr double kLargeStabilityIndex = 0.25;
/// How far a share may rise over the one expected from training, beyond three standard errors of
/// it, before there is a warning: of values outside the training range (2 / (training values + 1)
/// are expected), of missing values, and of unknown categories (CategoryFeature::expected_unknown).
inline constexpr double kLargestOutsideRise = 0.01;
inline constexpr double kLargestMissingRise = 0.10;
inline constexpr double kLargestUnknownRise = 0.0;

}  // namespace ebb::preprocessing
