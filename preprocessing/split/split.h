// Training, validation and test rows, and the folds of a cross-validation: what every way to split
// shares. Drop exact duplicates first (cleaning/duplicates.h), so that none lies on both sides.
//
//   way          split                              folds
//   at random    random_split                       random_folds             random_split.h
//   by label     stratified_split                   stratified_folds         stratified_split.h
//   by group     group_split (stratified as far     group_folds,             group_split.h
//                as the groups allow)               stratified_group_folds
//   by time      time_split                         time_folds               time_split.h
//   as given     split_by_column                                             this header
//
// All are functions of their arguments, the seed included: the same rows on every machine and for
// any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Row indices of each part, ascending; disjoint, and together all rows (but for those that a gap
/// of time leaves out).
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> validation;
  std::vector<std::size_t> test;
};

struct SplitOptions {
  double validation_fraction = 0.15;  ///< of all rows, in [0, 1)
  double test_fraction = 0.2;         ///< of all rows, in [0, 1); 0: no test rows
  std::uint64_t seed = 0;
};

/// Throws DataError for fractions out of range or that leave no training rows.
void check_fractions(double validation_fraction, double test_fraction);

/// The split that column `column` gives, with values train, val (or validation) and test, in any
/// case. Throws DataError naming the line of any other value, and if there are no training rows.
Split split_by_column(const Table& table, std::string_view column);

/// Throws DataError unless the training rows hold both classes and there are validation rows if
/// `needs_validation`. `labels`: 0 or 1 per row. The ways that take labels do this by themselves.
void check_split(const Split& split, std::span<const float> labels, bool needs_validation);

/// Row indices, ascending: what one round of a cross-validation trains on and what it measures.
struct Fold {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

/// Round `fold` where row i is measured in round `fold_of_row[i]` and trained on in all others, as
/// random_folds, stratified_folds, group_folds and stratified_group_folds say.
Fold fold_rows(std::span<const std::uint32_t> fold_of_row, std::uint32_t fold);

}  // namespace ebb::preprocessing
