// A category as the rank of its level.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/encoding/level_lookup.h"

namespace ebb::preprocessing {

enum class LevelOrder {
  declared,   ///< as given: "low", "middle", "high"
  frequency,  ///< most frequent first, then bytewise by name
  lexical,    ///< bytewise by name, as scikit-learn's OrdinalEncoder does
};

/// Ranks 0, 1, ... of the levels in their order. A missing value stays missing (NaN), and so does a
/// level that is not known: neither has a place in an order.
class OrdinalEncoder {
 public:
  OrdinalEncoder() = default;
  /// Fits to a text column. `declared` holds all levels in order for LevelOrder::declared, else
  /// nothing. Throws DataError naming the column for a training level that is not declared (levels
  /// declared that do not occur are kept), one declared twice, and a column without values. Linear
  /// in rows.
  static OrdinalEncoder fit(const Column& column, LevelOrder order,
                            const std::vector<std::string>& declared = {});
  /// Throws DataError on a repeated level and on none.
  static OrdinalEncoder restore(const std::vector<std::string>& levels);

  /// The ranks of all rows of a text column, in parallel.
  [[nodiscard]] std::vector<double> encode(const Column& column) const;
  /// The level of a rank, which is rounded; empty for NaN and where there is none.
  [[nodiscard]] std::optional<std::string_view> decode(double rank) const;

  [[nodiscard]] const std::vector<std::string>& levels() const { return levels_.levels(); }
  bool operator==(const OrdinalEncoder& other) const { return levels() == other.levels(); }

 private:
  Dictionary levels_;
};

/// "declared", "frequency", "lexical"; parse throws DataError that lists them.
std::string_view level_order_name(LevelOrder order);
LevelOrder parse_level_order(std::string_view name);

nlohmann::json to_json(const OrdinalEncoder& encoder);
OrdinalEncoder ordinal_encoder_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
