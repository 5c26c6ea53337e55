// How the rows of one table differ from those of another: last year's customers and this year's.
// For rows against a fitted model's training rows see pipeline/drift.h.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// The two-sample Kolmogorov-Smirnov test.
struct KolmogorovSmirnovTest {
  double statistic = 0.0;  ///< the greatest distance between the two distribution functions
  double p_value = 1.0;    ///< kolmogorov_tail(statistic sqrt(n m / (n + m))), the limit for many
                           ///< values; with ties it is too large, never too small
};

/// Of the values that are not missing; statistic 0 and p 1 where a side has none. Linear cost.
KolmogorovSmirnovTest kolmogorov_smirnov(std::span<const double> before,
                                         std::span<const double> after);

struct ColumnShift {
  std::string name;
  bool is_number = true;
  bool is_absent = false;  ///< from the second table
  /// pipeline/drift.h, over the first table's quantile tenths, or levels; a missing value and a new
  /// level are a bucket each.
  double stability_index = 0.0;
  double missing_before = 0.0;  ///< shares of the rows
  double missing_after = 0.0;
  // numbers
  std::size_t stray_texts = 0;  ///< of the second table, counted as missing
  KolmogorovSmirnovTest test;
  double mean_before = 0.0;
  double mean_after = 0.0;
  // categories
  std::size_t new_levels = 0;  ///< that the first table does not have
  std::size_t new_rows = 0;    ///< of the second table that have one
  std::vector<std::string> new_examples;
  std::size_t lost_levels = 0;   ///< that the second table does not have
  double total_variation = 0.0;  ///< half the sum of the differences of the levels' shares
  double p_value = 1.0;          ///< chi-square test of the levels of both
  /// One clause for each serious change; empty if there is none: a stability index over
  /// kLargeStabilityIndex and chance (as pipeline/drift.h), a test with p below 1e-6 whose
  /// statistic is over 0.1, a share of missing values that rose by over 0.1, new levels in over
  /// 1 % of the rows, an absent column, texts among numbers.
  std::vector<std::string> warnings;
};

/// Compares the named columns of `before` with those of `after`; identifiers are skipped. Levels
/// are compared by their texts, and so are columns of numbers on one side only. Texts among the
/// numbers of `after` are those that its reader left out (Table::stray_texts). Linear cost. Throws
/// DataError on names that `before` lacks.
std::vector<ColumnShift> compare_tables(const Table& before, const Table& after,
                                        std::span<const std::string> names);

}  // namespace ebb::preprocessing
