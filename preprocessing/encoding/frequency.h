// A category as how often its level occurs in training.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/encoding/level_lookup.h"

namespace ebb::preprocessing {

enum class FrequencyKind {
  share,  ///< training rows with the level / training rows
  count,  ///< training rows with the level
};

/// Missing values are a level of their own, as in pandas' value_counts(dropna=False); a level that
/// training did not see occurs 0 times. There is no inverse: levels may occur equally often.
class FrequencyEncoder {
 public:
  FrequencyEncoder() = default;
  /// Fits to a text column. Throws DataError naming it if there are no rows. Linear in rows.
  static FrequencyEncoder fit(const Column& column, FrequencyKind kind);
  /// Throws DataError on a repeated level, another number of counts than of levels, and no rows.
  static FrequencyEncoder restore(FrequencyKind kind, const std::vector<std::string>& levels,
                                  std::vector<std::size_t> counts, std::size_t missing);

  /// The frequencies of all rows of a text column, in parallel; no NaN.
  [[nodiscard]] std::vector<double> encode(const Column& column) const;

  [[nodiscard]] FrequencyKind kind() const { return kind_; }
  [[nodiscard]] const std::vector<std::string>& levels() const { return levels_.levels(); }
  [[nodiscard]] const std::vector<std::size_t>& counts() const { return counts_; }
  [[nodiscard]] std::size_t missing() const { return missing_; }
  bool operator==(const FrequencyEncoder& other) const;

 private:
  FrequencyKind kind_ = FrequencyKind::share;
  Dictionary levels_;
  std::vector<std::size_t> counts_;
  std::size_t missing_ = 0;
  double rows_ = 0.0;
};

/// "share", "count"; parse throws DataError that lists them.
std::string_view frequency_kind_name(FrequencyKind kind);
FrequencyKind parse_frequency_kind(std::string_view name);

nlohmann::json to_json(const FrequencyEncoder& encoder);
FrequencyEncoder frequency_encoder_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
