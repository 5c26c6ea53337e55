// Constant and nearly constant columns.
#pragma once

#include <span>
#include <string>

#include "preprocessing/selection/selection.h"

namespace ebb::preprocessing {

/// Drops columns in which one value has at least this share of the rows. A missing value counts as
/// a value like the others, -0 as 0. The score is the share of the most frequent value where that
/// is over one half, else 0 (Boyer and Moore's majority vote, then a count: linear cost, no
/// memory). A table without rows keeps all. Throws DataError unless 0.5 < share <= 1, and on
/// unknown names.
Selection select_varying(const Table& table, std::span<const std::string> names,
                         double largest_share = 1.0);

}  // namespace ebb::preprocessing
