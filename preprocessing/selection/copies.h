// Columns that say what another one says.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "preprocessing/selection/selection.h"
#include "preprocessing/statistics/correlation.h"

namespace ebb::preprocessing {

/// y = slope x + offset.
struct AffineMap {
  double slope = 1.0;
  double offset = 0.0;
};

/// How far a number may be from its affine map, as a share of the spread of y: rounding, no more.
inline constexpr double kAffineTolerance = 1e-9;

/// The map from x to y if there is one, x varies and both lack the same values. It goes through
/// the rows of the least and the greatest x. Stops at the first row that contradicts.
std::optional<AffineMap> affine_map(Numbers x, Numbers y);

/// Numbers with more distinct values than this are no renaming of a category.
inline constexpr std::size_t kMostRenamedNumbers = 256;

/// Drops each column that copies an earlier one of `names`:
///   - two numbers: equal, or one an affine map of the other;
///   - else: equal up to a renaming of levels, one to one, missing to missing. An identifier is
///     compared with identifiers only, a number if it has few distinct values.
/// Columns without two values are kept (varying.h judges them). The score is 1 for a copy, else 0.
/// Cost: categories linear, by hashes that are then verified; each pair of numbers stops at its
/// first contradiction, mostly within a few rows. Throws DataError on unknown names.
Selection select_distinct(const Table& table, std::span<const std::string> names);

}  // namespace ebb::preprocessing
