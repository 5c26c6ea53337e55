// Rows in one random order per class, and their shares: the arithmetic of random and stratified
// splits, of which a random one has one class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/split/split.h"

namespace ebb::preprocessing {

/// Rows of each class.
using Classes = std::vector<std::vector<std::size_t>>;

/// Shuffles class i by (seed, i).
void shuffle_classes(Classes& classes, std::uint64_t seed);

/// How many rows of each class, of `sizes` rows, a part of `fraction` takes: round(fraction * all
/// rows) altogether, by largest remainders; of equal remainders the larger class's comes first,
/// then the earlier one's. At most `available` of each.
std::vector<std::size_t> apportion(std::span<const std::size_t> sizes, double fraction,
                                   std::span<const std::size_t> available);

/// Of each class the first rows for testing, the next for validation, the rest for training. Throws
/// DataError as check_fractions, and for a test fraction above 0 that gives no rows.
Split split_classes(const Classes& classes, const SplitOptions& options);

/// The fold in [0, folds) of each row: the classes are dealt out in turn, each going on where the
/// one before stopped, so that fold sizes, and those of each class, differ by one at most.
std::vector<std::uint32_t> deal_classes(const Classes& classes, std::uint32_t folds);

}  // namespace ebb::preprocessing
