// A category as one column of zeros and ones per level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/cleaning/missing_values.h"
#include "preprocessing/common/json_reader.h"
#include "preprocessing/encoding/level_lookup.h"

namespace ebb::preprocessing {

/// Where a text goes that training did not see.
enum class UnknownLevel {
  zeros,         ///< a row of zeros
  other_column,  ///< the column that rare levels share, which exists then in any case
};

struct OneHotOptions {
  /// A level is rare if it occurs fewer times in training, or in less than this share of the values
  /// that are not missing, or if so many more frequent levels have a column (0: no limit). As
  /// min_frequency and max_categories of scikit-learn's OneHotEncoder, but that max_levels leaves
  /// out the shared column.
  std::size_t min_count = 1;
  double min_share = 0.0;
  std::size_t max_levels = 0;
  UnknownLevel unknown = UnknownLevel::zeros;
  /// When a missing value has a column of its own; else it is a row of zeros.
  MissingIndicator missing = MissingIndicator::when_missing;
};

/// Columns in order: the kept levels, most frequent first, then bytewise by name; the column of
/// other levels, if some were rare or UnknownLevel::other_column; the column of missing values.
class OneHotEncoder {
 public:
  /// A row without a one.
  static constexpr std::int32_t kNoColumn = -1;

  OneHotEncoder() = default;
  /// Fits to a text column. Throws DataError naming it if there would be no column at all or
  /// min_share is not in [0, 1]. Linear in rows.
  static OneHotEncoder fit(const Column& column, const OneHotOptions& options);
  /// Throws DataError on a level that occurs twice or is both kept and rare, on rare levels without
  /// a column, and if there is no column.
  static OneHotEncoder restore(const std::vector<std::string>& levels,
                               const std::vector<std::string>& rare, bool has_other_column,
                               UnknownLevel unknown, bool has_missing_column);

  /// For each row the column of its one, or kNoColumn. In parallel over rows.
  [[nodiscard]] std::vector<std::int32_t> encode(const Column& column) const;
  [[nodiscard]] std::size_t width() const {
    return level_count_ + (has_other_column_ ? 1 : 0) + (has_missing_column_ ? 1 : 0);
  }
  /// `plan = basic`; `plan is other`; `plan is missing`.
  [[nodiscard]] std::vector<std::string> names(std::string_view column) const;
  /// The text that column `place` stands for, if it is that of a level.
  [[nodiscard]] std::optional<std::string_view> level(std::int32_t place) const;

  [[nodiscard]] std::vector<std::string> levels() const;  ///< kept
  [[nodiscard]] std::vector<std::string> rare() const;
  [[nodiscard]] bool has_other_column() const { return has_other_column_; }
  [[nodiscard]] bool has_missing_column() const { return has_missing_column_; }
  [[nodiscard]] UnknownLevel unknown() const { return unknown_; }
  bool operator==(const OneHotEncoder& other) const;

 private:
  Dictionary known_;  // kept levels, then rare ones
  std::size_t level_count_ = 0;
  bool has_other_column_ = false;
  bool has_missing_column_ = false;
  UnknownLevel unknown_ = UnknownLevel::zeros;
};

/// One row of `width` places: zeros, and `one` at `place` unless that is below 0.
template <class T>
void write_one_hot(std::int32_t place, std::size_t width, T one, T* row) {
  for (std::size_t i = 0; i < width; ++i) row[i] = T(0);
  if (place >= 0) row[place] = one;
}

/// write_one_hot for all rows, in parallel: row r begins at values[r * stride], so that several
/// encoders fill one matrix. `ones`, unless empty, has what is written in place of 1. Throws Error
/// unless all rows fit into `values`.
void write_one_hot_rows(std::span<const std::int32_t> places, std::span<const float> ones,
                        std::size_t width, std::size_t stride, std::span<float> values);

/// "zeros", "other_column"; parse throws DataError that lists them.
std::string_view unknown_level_name(UnknownLevel unknown);
UnknownLevel parse_unknown_level(std::string_view name);

nlohmann::json to_json(const OneHotEncoder& encoder);
OneHotEncoder one_hot_encoder_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
