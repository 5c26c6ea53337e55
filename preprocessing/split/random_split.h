// Rows drawn at random, whatever they hold.
#pragma once

#include "preprocessing/split/split.h"

namespace ebb::preprocessing {

/// A random split of `rows` rows: a part gets round(rows * fraction) of them, in the order of one
/// shuffle by the seed. Throws DataError for fractions out of range or that leave no training rows,
/// and if a part that was asked for would be empty. Linear cost.
Split random_split(std::size_t rows, const SplitOptions& options);

/// The fold in [0, folds) of each row, for cross-validation: one shuffle by the seed, dealt out in
/// turn, so that fold sizes differ by one at most. Throws DataError unless 2 <= folds <= rows.
std::vector<std::uint32_t> random_folds(std::size_t rows, std::uint32_t folds, std::uint64_t seed);

}  // namespace ebb::preprocessing
