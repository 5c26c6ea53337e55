#include "preprocessing/csv/column_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"

namespace ebb::preprocessing {
namespace {

constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();

bool has_missing(const std::vector<std::int32_t>& codes) {
  return std::find(codes.begin(), codes.end(), kMissingCode) != codes.end();
}

/// Whether all rows hold the same number, none missing.
bool is_constant(const std::vector<double>& numbers) {
  return !numbers.empty() && !std::isnan(numbers.front()) &&
         std::all_of(numbers.begin(), numbers.end(),
                     [&](double value) { return value == numbers.front(); });
}

}  // namespace

BuildPlan plan_column(const std::string& name, const ColumnProfile& profile,
                      std::size_t distinct_integers, const std::string& source) {
  switch (classify(profile)) {
    case ColumnContent::none:
    case ColumnContent::text: return BuildPlan::inferred_text;
    case ColumnContent::numbers: return BuildPlan::inferred_number;
    case ColumnContent::integers:
      return is_integer_identifier(name, profile, distinct_integers)
                 ? BuildPlan::integer_or_identifier
                 : BuildPlan::inferred_number;
    case ColumnContent::numbers_with_text: break;
  }
  fail_not_a_number(source, profile.first_text_line, name, profile.first_text,
                    fmt::format("as {} of the column's {} values are", profile.numbers,
                                profile.values()));
}

void ColumnBuilder::append(const FieldBlock& block, std::size_t column, std::size_t begin,
                           std::size_t end, const MissingTokens& missing) {
  const bool is_number = plan_ == BuildPlan::number || plan_ == BuildPlan::inferred_number;
  for (std::size_t row = begin; row < end; ++row) {
    const std::string_view field = block.field(row, column);
    const bool is_missing = missing.contains(field);
    if (is_number) {
      if (is_missing) {
        numbers_.push_back(kMissingNumber);
      } else {
        append_number(field, block.lines[row]);
      }
    } else if (is_missing) {
      codes_.push_back(kMissingCode);
      profile_.add_missing();
    } else {
      append_text(field, block.lines[row]);
    }
  }
}

void ColumnBuilder::append_number(std::string_view field, std::uint64_t line) {
  const std::optional<double> value = parse_number(field);
  if (!value) {
    fail_not_a_number(source_, line, name_, field,
                      plan_ == BuildPlan::number ? "as the column is declared to be"
                                                 : "as the column's values before it are");
  }
  numbers_.push_back(*value);
}

void ColumnBuilder::append_text(std::string_view field, std::uint64_t line) {
  codes_.push_back(dictionary_.code(field));
  if (plan_ == BuildPlan::integer_or_identifier) profile_.add(field, line);
}

Column ColumnBuilder::finish() {
  Column column;
  column.name = name_;
  if (plan_ == BuildPlan::number || plan_ == BuildPlan::inferred_number) {
    if (plan_ == BuildPlan::inferred_number && is_constant(numbers_)) {
      column.kind = ColumnKind::constant;
      column.levels = {format_number(numbers_.front())};
      column.codes.assign(numbers_.size(), 0);
    } else {
      column.numbers = std::move(numbers_);
    }
  } else {
    column.kind = plan_ == BuildPlan::identifier ? ColumnKind::identifier : ColumnKind::category;
    column.codes = std::move(codes_);
    column.levels = std::move(dictionary_).take_levels();
  }
  const std::size_t values = column.codes.size() - static_cast<std::size_t>(std::count(
                                                       column.codes.begin(), column.codes.end(),
                                                       kMissingCode));
  if (plan_ == BuildPlan::integer_or_identifier) {
    column = finish_integers(std::move(column));
  } else if (plan_ == BuildPlan::inferred_text) {
    if (column.levels.empty() || (column.levels.size() == 1 && !has_missing(column.codes))) {
      column.kind = ColumnKind::constant;
    } else if (is_text_identifier(name_, values, column.levels.size())) {
      column.kind = ColumnKind::identifier;
    }
  }
  numbers_.clear();
  codes_.clear();
  profile_ = {};
  return column;
}

Column ColumnBuilder::finish_integers(Column column) {
  const std::size_t texts = profile_.values() - profile_.numbers;
  if (texts > 0 || is_integer_identifier(name_, profile_, column.levels.size())) {
    // Unique so far and then text: an identifier whose spelling changed, not a mistyped number.
    column.kind = ColumnKind::identifier;
    return column;
  }
  std::vector<double> of_level;
  of_level.reserve(column.levels.size());
  for (const std::string& level : column.levels) of_level.push_back(parse_number(level).value());
  Column numbers;
  numbers.name = column.name;
  numbers.numbers.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) {
    numbers.numbers.push_back(code == kMissingCode ? kMissingNumber
                                                   : of_level[static_cast<std::size_t>(code)]);
  }
  return numbers;
}

}  // namespace ebb::preprocessing
