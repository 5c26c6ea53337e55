// One column of a table: a name, a kind and one contiguous array of values.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::preprocessing {

/// What a column is. Only `number` columns hold `numbers`; others hold `codes` and `levels`, but
/// for an identifier that holds `integers`.
enum class ColumnKind {
  number,      ///< a quantity
  category,    ///< one of a set of texts
  identifier,  ///< (nearly) unique per row: names a row, says nothing about it
  constant,    ///< one value in all rows, or no value at all
};

/// What a caller may declare a column to be, before it is read.
enum class DeclaredKind { number, category, identifier, ignore };

struct ColumnDeclaration {
  std::string name;
  DeclaredKind kind = DeclaredKind::number;
  bool operator==(const ColumnDeclaration&) const = default;
};

/// The code of a missing text value in Column::codes.
inline constexpr std::int32_t kMissingCode = -1;

/// A missing value in Column::integers.
inline constexpr std::int64_t kMissingInteger = std::numeric_limits<std::int64_t>::min();

/// A missing value in Column::numbers; every NaN is one.
inline constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();

/// Invariant: kind number: numbers has one value per row, NaN where missing and nowhere else, and
/// nothing else has any. Kind identifier may hold integers, one per row, in place of codes: whole
/// numbers whose texts are their shortest spellings. Else codes has one value per row in
/// [-1, levels.size()), and levels holds each distinct text once, in order of first appearance.
struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::number;
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;
  std::vector<std::string> levels;
  std::vector<std::int64_t> integers;

  [[nodiscard]] bool is_number() const { return kind == ColumnKind::number; }
  [[nodiscard]] bool has_integers() const { return !integers.empty(); }
  [[nodiscard]] std::size_t size() const {
    if (is_number()) return numbers.size();
    return has_integers() ? integers.size() : codes.size();
  }
  [[nodiscard]] bool is_missing(std::size_t row) const {
    if (has_integers()) return integers[row] == kMissingInteger;
    return is_number() ? std::isnan(numbers[row]) : codes[row] == kMissingCode;
  }
  /// The value as text: a number in its shortest spelling, a missing value as "".
  [[nodiscard]] std::string text(std::size_t row) const;
};

/// Whether two columns are the same, bit by bit: a missing number equals itself.
bool is_same(const Column& first, const Column& second);

/// How many rows have no value.
std::size_t count_missing(const Column& column);

/// Whether some row has a value.
bool has_values(const Column& column);

/// A number column of `values`, NaN where missing.
Column number_column(std::string name, std::vector<double> values);

/// A column of `kind` (not number) from texts; a text equal to "" is missing.
Column text_column(std::string name, const std::vector<std::string>& texts,
                   ColumnKind kind = ColumnKind::category);

/// The column with its values as codes of texts: itself, or numbers and integers in their shortest
/// spellings, a category or an identifier.
Column as_text(const Column& column);

/// How many distinct values the integers of a column have; a missing one is no value.
std::size_t count_distinct(const std::vector<std::int64_t>& integers);

/// "number", "category", "identifier" or "constant".
std::string_view kind_name(ColumnKind kind);
/// "number", "category", "identifier" or "ignore".
std::string_view kind_name(DeclaredKind kind);
/// The inverse of kind_name. Throws DataError that lists the four names.
DeclaredKind parse_declared_kind(std::string_view name);

}  // namespace ebb::preprocessing
