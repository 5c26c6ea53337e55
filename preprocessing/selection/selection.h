// Which columns a step keeps, and why: what every step of this folder gives.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

class JsonReader;

struct ColumnVerdict {
  std::string name;
  bool is_kept = true;
  double score = 0.0;     ///< what the step judged by; 0 where that is not defined
  std::string reason;     ///< of a column that goes, one clause; else empty
  std::size_t round = 0;  ///< of recursive elimination, counted from 1, in which it went; else 0

  /// It goes, for this reason.
  void drop(std::string why, std::size_t in_round = 0) {
    is_kept = false;
    reason = std::move(why);
    round = in_round;
  }
  bool operator==(const ColumnVerdict&) const = default;
};

/// The columns that a step was asked about, in that order. Names of a table's columns are all a
/// step needs to be applied later: transform is to take the kept ones.
struct Selection {
  std::vector<ColumnVerdict> columns;

  [[nodiscard]] std::vector<std::string> kept() const;
  [[nodiscard]] std::vector<std::string> dropped() const;
  bool operator==(const Selection&) const = default;
};

nlohmann::json to_json(const Selection& selection);
/// Throws DataError on scores that are not finite, repeated names, a dropped column without a
/// reason, and a round of a column that is kept.
Selection selection_from_json(const JsonReader& reader);

/// The columns of these names. Throws DataError on an unknown one.
std::vector<const Column*> columns_of(const Table& table, std::span<const std::string> names);

}  // namespace ebb::preprocessing
