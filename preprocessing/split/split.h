// Training, validation and test rows. Drop exact duplicates first (cleaning/duplicates.h), so that
// none lies on both sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Row indices of each part, ascending; disjoint, and together all rows.
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

/// A stratified random split. With n rows, a part gets round(n * fraction) of them, shared between
/// the classes in proportion (largest remainder; of equal remainders the larger class). Which rows
/// is decided by a shuffle of each class, seeded by (seed, class): the same on every machine.
/// `labels`: 0 or 1 per row. Throws DataError for fractions out of range or that leave no training
/// rows, and if a part that was asked for would be empty or the training rows lack a class.
Split split_rows(std::span<const float> labels, const SplitOptions& options);

/// The split that column `column` gives, with values train, val (or validation) and test, in any
/// case. Throws DataError naming the line of any other value, and if there are no training rows.
Split split_by_column(const Table& table, std::string_view column);

/// Throws DataError unless the training rows hold both classes and there are validation rows if
/// `needs_validation`. split_rows does this by itself.
void check_split(const Split& split, std::span<const float> labels, bool needs_validation);

/// The fold in [0, folds) of each row, for cross-validation: each class is shuffled by (seed,
/// class) and dealt out in turn, the second class going on where the first stopped, so that fold
/// sizes differ by one at most. Throws DataError unless 2 <= folds and each class has as many rows.
std::vector<std::uint32_t> stratified_folds(std::span<const float> labels, std::uint32_t folds,
                                            std::uint64_t seed);

}  // namespace ebb::preprocessing
