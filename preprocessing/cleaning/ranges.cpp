#include "preprocessing/cleaning/ranges.h"

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/cleaning/out_of_bounds.h"
#include "preprocessing/common/numbers.h"

namespace ebb::preprocessing {
namespace {

void check_range(const DeclaredRange& range) {
  if (range.lower <= range.upper) return;
  fail<DataError>(
      "a range from {} to {} has no values: expected a lower end that is not above the "
      "upper one",
      range.lower, range.upper);
}

/// "from 0 to 120", "of at least 0".
std::string describe(const DeclaredRange& range) {
  if (std::isinf(range.upper)) return fmt::format("at least {}", format_number(range.lower));
  if (std::isinf(range.lower)) return fmt::format("at most {}", format_number(range.upper));
  return fmt::format("from {} to {}", format_number(range.lower), format_number(range.upper));
}

}  // namespace

RangeReport apply_range(std::span<double> values, const DeclaredRange& range, std::string_view name,
                        const Table& table) {
  check_range(range);
  const OutOfBounds found =
      treat_out_of_bounds(values, range.lower, range.upper, [&](double value) {
        return treat_outlier(value, range.lower, range.upper, treatment_of(range.treatment));
      });
  if (range.treatment == RangeTreatment::error && found.first_row) {
    const std::size_t row = *found.first_row;
    fail<DataError>(
        "{}: column \"{}\" holds {}, which cannot be: its values are declared to be {}; {} of its "
        "{} values are not: correct them, widen the range, or have them taken for missing",
        table.where(row), name, format_number(values[row]), describe(range),
        found.below + found.above, values.size());
  }
  return {found.below, found.above, found.first_row};
}

std::string_view treatment_name(RangeTreatment treatment) {
  switch (treatment) {
    case RangeTreatment::to_missing:
      return "to_missing";
    case RangeTreatment::clip:
      return "clip";
    case RangeTreatment::error:
      return "error";
  }
  return "unknown";
}

RangeTreatment parse_range_treatment(std::string_view name) {
  for (const RangeTreatment treatment :
       {RangeTreatment::to_missing, RangeTreatment::clip, RangeTreatment::error}) {
    if (name == treatment_name(treatment)) return treatment;
  }
  fail<DataError>("\"{}\" is no treatment of impossible values: use to_missing, clip or error",
                  name);
}

nlohmann::json to_json(const DeclaredRange& range) {
  nlohmann::json ends = nlohmann::json::array();
  for (const double end : {range.lower, range.upper}) {
    // JSON has no infinity.
    ends.push_back(std::isinf(end) ? nlohmann::json::array() : nlohmann::json::array({end}));
  }
  return {{"lower", ends[0]}, {"upper", ends[1]}, {"treatment", treatment_name(range.treatment)}};
}

DeclaredRange declared_range_from_json(const JsonReader& reader) {
  reader.expect_keys({"lower", "upper", "treatment"});
  DeclaredRange range;
  range.treatment = reader.member("treatment").parsed(parse_range_treatment);
  const auto read_end = [&](std::string_view key, double& end) {
    const std::vector<double> given = reader.member(key).numbers();
    if (given.size() > 1) reader.member(key).refuse("expected one number, or none for an open end");
    if (!given.empty()) end = given.front();
  };
  read_end("lower", range.lower);
  read_end("upper", range.upper);
  reader.guarded([&] { check_range(range); });
  return range;
}

}  // namespace ebb::preprocessing
