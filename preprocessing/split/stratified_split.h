// Rows drawn at random within each class of the label.
#pragma once

#include "preprocessing/split/split.h"

namespace ebb::preprocessing {

/// A stratified random split. With n rows, a part gets round(n * fraction) of them, shared between
/// the classes in proportion (largest remainder; of equal remainders the larger class). Which rows
/// is decided by a shuffle of each class, seeded by (seed, class): the same on every machine.
/// `labels`: 0 or 1 per row. Throws DataError for fractions out of range or that leave no training
/// rows, and if a part that was asked for would be empty or the training rows lack a class. Linear
/// cost.
Split stratified_split(std::span<const float> labels, const SplitOptions& options);

/// The fold in [0, folds) of each row, for cross-validation: each class is shuffled by (seed,
/// class) and dealt out in turn, the second class going on where the first stopped, so that fold
/// sizes differ by one at most. Throws DataError unless 2 <= folds and each class has as many rows.
std::vector<std::uint32_t> stratified_folds(std::span<const float> labels, std::uint32_t folds,
                                            std::uint64_t seed);

}  // namespace ebb::preprocessing
