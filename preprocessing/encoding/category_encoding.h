// Categories as codes for embeddings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// Code of a missing value in an encoded column.
inline constexpr std::int32_t kEncodedMissing = 0;
/// Code of a text that training did not see, or saw fewer than `min_count` times.
inline constexpr std::int32_t kEncodedUnknown = 1;
/// Code of the first known level.
inline constexpr std::int32_t kFirstLevelCode = 2;

/// How many rows of a text column hold each of its levels.
std::vector<std::size_t> level_counts(const Column& column);

/// Codes 2, 3, ... go to the known levels by descending training frequency, then bytewise by name.
class CategoryEncoder {
 public:
  CategoryEncoder() = default;
  /// Fits to a text column. Levels that occur fewer than `min_count` times become unknown.
  static CategoryEncoder fit(const Column& column, std::size_t min_count);
  /// The same from level_counts() of `levels`.
  static CategoryEncoder fit(const std::vector<std::string>& levels,
                             std::span<const std::size_t> counts, std::size_t min_count);
  /// Restores an encoder from its levels in order of code. Throws DataError on a repeated level.
  static CategoryEncoder restore(std::vector<std::string> levels);

  /// The code of one text (not of a missing value): >= 2, or kEncodedUnknown.
  [[nodiscard]] std::int32_t code(std::string_view text) const;
  /// Number of codes: levels, unknown and missing.
  [[nodiscard]] std::int32_t cardinality() const {
    return static_cast<std::int32_t>(levels_.size()) + kFirstLevelCode;
  }
  /// The known levels; level i has code i + 2.
  [[nodiscard]] const std::vector<std::string>& levels() const { return levels_; }
  bool operator==(const CategoryEncoder& other) const { return levels_ == other.levels_; }

 private:
  std::vector<std::string> levels_;
  std::unordered_map<std::string, std::int32_t> codes_;
};

}  // namespace ebb::preprocessing
