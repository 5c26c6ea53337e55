#include "preprocessing/csv/column_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/csv/short_number.h"

namespace ebb::preprocessing {
namespace {

// A field may end with the text.
static_assert(kNumberPadding <= TextBuffer::kPadding);

bool has_missing(const std::vector<std::int32_t>& codes) {
  return std::find(codes.begin(), codes.end(), kMissingCode) != codes.end();
}

/// The one number that the column holds, if all that are not missing are equal.
std::optional<double> only_value(const std::vector<double>& numbers) {
  std::optional<double> only;
  for (const double value : numbers) {
    if (std::isnan(value)) continue;
    if (only && value != *only) return std::nullopt;
    only = value;
  }
  return only;
}

ColumnKind kind_of_column(const Column& column) {
  return kind_of_texts(column.name, column.codes.size(), count_missing(column), column.levels);
}

/// The numbers that a column of texts spells, NaN where it is missing.
std::vector<double> parse_levels(const Column& column) {
  std::vector<double> of_level;
  of_level.reserve(column.levels.size());
  for (const std::string& level : column.levels) of_level.push_back(parse_number(level).value());
  std::vector<double> numbers;
  numbers.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) {
    numbers.push_back(code == kMissingCode ? kMissingNumber
                                           : of_level[static_cast<std::size_t>(code)]);
  }
  return numbers;
}

[[noreturn]] void fail_text_among_numbers(const std::string& source, const std::string& name,
                                          const ColumnProfile& profile) {
  fail_not_a_number(
      source, profile.first_text_line, name, profile.first_text,
      fmt::format("as {} of the column's {} values are", profile.numbers, profile.values()));
}

}  // namespace

BuildPlan plan_column(const std::string& name, const ColumnProfile& profile,
                      std::size_t distinct_integers, const std::string& source) {
  switch (classify(profile)) {
    case ColumnContent::none:
      return BuildPlan::undecided;
    case ColumnContent::text:
      return BuildPlan::inferred_text;
    case ColumnContent::numbers:
      return BuildPlan::inferred_number;
    case ColumnContent::integers:
      return is_integer_identifier(name, profile, distinct_integers) ? BuildPlan::undecided
                                                                     : BuildPlan::inferred_number;
    case ColumnContent::numbers_with_text:
      break;
  }
  fail_text_among_numbers(source, name, profile);
}

std::optional<Column> one_level_column(const std::string& name,
                                       const std::vector<double>& numbers) {
  const auto value = only_value(numbers);
  if (!value) return std::nullopt;
  Column column;
  column.name = name;
  column.levels = {format_number(*value)};
  for (const double number : numbers) column.codes.push_back(std::isnan(number) ? kMissingCode : 0);
  column.kind = has_missing(column.codes) ? ColumnKind::category : ColumnKind::constant;
  return column;
}

ColumnKind kind_of_texts(const std::string& name, std::size_t rows, std::size_t missing,
                         const std::vector<std::string>& levels) {
  if (levels.empty() || (levels.size() == 1 && missing == 0)) return ColumnKind::constant;
  return is_text_identifier(name, rows - missing, levels) ? ColumnKind::identifier
                                                          : ColumnKind::category;
}

void ColumnBuilder::reserve(std::size_t rows) {
  if (builds_numbers()) {
    numbers_.reserve(rows);
  } else if (reads_integers_) {
    integers_.reserve(rows);
  } else {
    codes_.reserve(rows);
  }
}

void ColumnBuilder::grow(std::size_t rows) {
  if (builds_numbers()) {
    numbers_.resize(numbers_.size() + rows);
  } else if (reads_integers_) {
    integers_.resize(integers_.size() + rows);
  } else {
    codes_.resize(codes_.size() + rows);
  }
}

bool ColumnBuilder::builds_numbers() const {
  return plan_ == BuildPlan::number || plan_ == BuildPlan::fitted_number ||
         plan_ == BuildPlan::fixed_number || plan_ == BuildPlan::number_or_missing ||
         plan_ == BuildPlan::inferred_number;
}

std::optional<std::size_t> ColumnBuilder::read(const RowRange& rows, std::size_t column,
                                               const MissingTokens& missing, Unsettled& unsettled) {
  if (builds_numbers()) return read_numbers(rows, column, missing, unsettled.stray);
  if (reads_integers_) {
    read_integers(rows, column, missing, unsettled);
  } else {
    read_texts(rows, column, missing, unsettled.texts);
  }
  return std::nullopt;
}

std::optional<std::size_t> ColumnBuilder::read_numbers(const RowRange& rows, std::size_t column,
                                                       const MissingTokens& missing,
                                                       StrayTexts& stray) {
  double* out = numbers_.data() + rows.to;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::string_view field = rows.slice->field(row, column);
    std::optional<double> value;
    // A token may be a number, such as 999.
    if (missing.contains(field)) {
      value = kMissingNumber;
    } else {
      value = parse_short_number(field.data(), field.size());
      if (!value) value = parse_number(field);
      if (!value && plan_ == BuildPlan::number_or_missing) {
        if (stray.count++ == 0) {
          stray.first = field;
          stray.line = rows.slice->line(row);
        }
        value = kMissingNumber;
      }
      if (!value) return row;
    }
    *out++ = *value;
  }
  return std::nullopt;
}

void ColumnBuilder::read_integers(const RowRange& rows, std::size_t column,
                                  const MissingTokens& missing, Unsettled& unsettled) {
  unsettled.is_read_as_integers = true;
  std::int64_t* out = integers_.data() + rows.to;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::string_view field = rows.slice->field(row, column);
    if (missing.contains(field)) {
      *out++ = kMissingInteger;
      continue;
    }
    const std::optional<std::int64_t> value = parse_shortest_integer(field);
    if (!value) {
      unsettled.has_other_texts = true;
      return;
    }
    unsettled.integers.add_integer(*value, field.size());
    *out++ = *value;
  }
}

/// Texts without a code yet get negative ones: kMissingCode - 1 - their code in `fresh`.
void ColumnBuilder::read_texts(const RowRange& rows, std::size_t column,
                               const MissingTokens& missing, Dictionary& fresh) {
  std::int32_t* out = codes_.data() + rows.to;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::string_view field = rows.slice->field(row, column);
    std::int32_t code = kMissingCode;
    if (!missing.contains(field)) {
      code = dictionary_.find(field);
      if (code == Dictionary::kUnknown) code = kMissingCode - 1 - fresh.code(field);
    }
    *out++ = code;
  }
}

void ColumnBuilder::settle(const RowRange& rows, std::size_t column, const MissingTokens& missing,
                           Unsettled& unsettled) {
  Unsettled left = std::exchange(unsettled, {});
  if (stray_.count > 0) {
    stray_.count += left.stray.count;
  } else if (left.stray.count > 0) {
    stray_ = std::move(left.stray);
    stray_.column = name_;
  }
  if (left.is_read_as_integers) {
    if (reads_integers_ && !left.has_other_texts) {
      profile_.add(left.integers);
      return;
    }
    if (reads_integers_) turn_integers_to_texts(rows.to);
    read_texts(rows, column, missing, left.texts);
  }
  settle_texts(rows, left.texts);
  if (plan_ == BuildPlan::undecided) profile_texts(rows, column, missing);
}

/// Gives the fresh texts of a range their codes.
void ColumnBuilder::settle_texts(const RowRange& rows, Dictionary& fresh) {
  if (fresh.size() == 0) return;
  std::vector<std::int32_t> codes;
  codes.reserve(fresh.size());
  for (const std::string& level : fresh.levels()) codes.push_back(dictionary_.code(level));
  std::int32_t* out = codes_.data() + rows.to;
  for (std::size_t row = rows.begin; row < rows.end; ++row, ++out) {
    if (*out < kMissingCode) *out = codes[static_cast<std::size_t>(kMissingCode - 1 - *out)];
  }
}

/// From now on the column is one of texts; the first `count` rows have been settled.
void ColumnBuilder::turn_integers_to_texts(std::size_t count) {
  codes_.resize(integers_.size());
  for (std::size_t row = 0; row < count; ++row) {
    codes_[row] = integers_[row] == kMissingInteger
                      ? kMissingCode
                      : dictionary_.code(fmt::format_int(integers_[row]).str());
  }
  integers_ = {};
  reads_integers_ = false;
}

void ColumnBuilder::profile_texts(const RowRange& rows, std::size_t column,
                                  const MissingTokens& missing) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::string_view field = rows.slice->field(row, column);
    if (missing.contains(field)) {
      profile_.add_missing();
    } else {
      profile_.add(field, rows.slice->line(row));
    }
  }
}

void ColumnBuilder::refuse(const FieldSlice& slice, std::size_t row, std::size_t column) const {
  const std::string_view field = slice.field(row, column);
  const std::uint64_t line = slice.line(row);
  if (plan_ == BuildPlan::fitted_number) fail_no_longer_a_number(source_, line, name_, field);
  if (plan_ == BuildPlan::fixed_number) fail_must_be_a_number(source_, line, name_, field);
  fail_not_a_number(source_, line, name_, field,
                    plan_ == BuildPlan::number ? "as the column is declared to be"
                                               : "as the column's values before it are");
}

Column ColumnBuilder::finish() {
  Column column = builds_numbers()  ? finish_numbers()
                  : reads_integers_ ? finish_integers()
                                    : finish_texts();
  *this = ColumnBuilder(std::move(name_), plan_, std::move(source_));
  return column;
}

Column ColumnBuilder::finish_numbers() {
  if (plan_ == BuildPlan::inferred_number || plan_ == BuildPlan::undecided) {
    if (auto column = one_level_column(name_, numbers_)) return *std::move(column);
  }
  return number_column(name_, std::move(numbers_));
}

Column ColumnBuilder::finish_integers() {
  const bool has_values = profile_.values() > 0;
  bool is_identifier = plan_ == BuildPlan::identifier;
  if (plan_ == BuildPlan::undecided && has_values) {
    is_identifier = is_integer_identifier(name_, profile_, count_distinct(integers_));
    if (!is_identifier) {
      numbers_.reserve(integers_.size());
      for (const std::int64_t value : integers_) {
        numbers_.push_back(value == kMissingInteger ? kMissingNumber : static_cast<double>(value));
      }
      return finish_numbers();
    }
  }
  if (!has_values) {
    turn_integers_to_texts(integers_.size());
    return finish_texts();
  }
  Column column;
  column.name = name_;
  column.kind = ColumnKind::identifier;
  column.integers = std::move(integers_);
  return column;
}

Column ColumnBuilder::finish_texts() {
  Column column;
  column.name = name_;
  column.kind = plan_ == BuildPlan::identifier ? ColumnKind::identifier : ColumnKind::category;
  column.codes = std::move(codes_);
  column.levels = std::move(dictionary_).take_levels();
  if (plan_ == BuildPlan::undecided) return finish_undecided(std::move(column));
  if (plan_ == BuildPlan::inferred_text) column.kind = kind_of_column(column);
  return column;
}

Column ColumnBuilder::finish_undecided(Column column) {
  const ColumnContent content = classify(profile_);
  // Fractional numbers are never identifiers, whatever stands among them.
  const bool is_identifier = content == ColumnContent::integers
                                 ? is_integer_identifier(name_, profile_, column.levels.size())
                                 : profile_.numbers == profile_.integers &&
                                       is_text_identifier(name_, profile_.values(), column.levels);
  if (content == ColumnContent::numbers_with_text && !is_identifier) {
    fail_text_among_numbers(source_, name_, profile_);
  }
  if (content == ColumnContent::numbers || (content == ColumnContent::integers && !is_identifier)) {
    numbers_ = parse_levels(column);
    return finish_numbers();
  }
  column.kind = kind_of_column(column);
  if (is_identifier) column.kind = ColumnKind::identifier;
  return column;
}

}  // namespace ebb::preprocessing
