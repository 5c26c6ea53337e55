// Impossible values: a number column whose valid range is declared, not fitted.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/cleaning/treat_outlier.h"
#include "preprocessing/common/json_reader.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// What becomes of a value that cannot be, such as an age of -3 or 999.
enum class RangeTreatment {
  to_missing,  ///< NaN: it says nothing
  clip,        ///< the nearer end
  error,       ///< DataError that names the first line
};

/// What treat_outlier() is to do about it: to `error` nothing.
constexpr OutlierTreatment treatment_of(RangeTreatment treatment) {
  if (treatment == RangeTreatment::error) return OutlierTreatment::report;
  return treatment == RangeTreatment::clip ? OutlierTreatment::clip : OutlierTreatment::to_missing;
}

/// Values from lower to upper are possible, both included; an infinite end is open.
struct DeclaredRange {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
  RangeTreatment treatment = RangeTreatment::to_missing;
  bool operator==(const DeclaredRange&) const = default;
};

struct RangeReport {
  std::size_t below = 0;
  std::size_t above = 0;
  /// The first row with an impossible value; Table::where(row) is its line.
  std::optional<std::size_t> first_row;
  bool operator==(const RangeReport&) const = default;
};

/// Treats `values`, those of the column `name` of `table`, in place; missing values stay. One
/// parallel pass. Throws DataError for a range whose lower end is above the upper one or NaN, and
/// for RangeTreatment::error with an impossible value, naming its line; `values` are unchanged
/// then.
RangeReport apply_range(std::span<double> values, const DeclaredRange& range, std::string_view name,
                        const Table& table);

/// "to_missing", "clip", "error"; parse throws DataError that lists them.
std::string_view treatment_name(RangeTreatment treatment);
RangeTreatment parse_range_treatment(std::string_view name);

/// An end is an array of one number, or of none if it is open: JSON has no infinity.
nlohmann::json to_json(const DeclaredRange& range);
DeclaredRange declared_range_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
