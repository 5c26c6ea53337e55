#include "preprocessing/encoding/booleans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"

namespace ebb::preprocessing {
namespace {

/// Marks a level that is no boolean.
constexpr double kOther = -1.0;

std::optional<bool> boolean_of(double number) {
  if (number != 0.0 && number != 1.0) return std::nullopt;
  return number == 1.0;
}

double coded(std::optional<bool> value) { return value ? (*value ? 1.0 : 0.0) : kOther; }

/// 1, 0, kMissingNumber or kOther of every row, or of every level of a column of texts.
std::vector<double> coded_values(const Column& column) {
  std::vector<double> values;
  if (column.is_number()) {
    for (const double number : column.numbers) {
      values.push_back(std::isnan(number) ? kMissingNumber : coded(boolean_of(number)));
    }
  } else if (column.has_integers()) {
    for (const std::int64_t integer : column.integers) {
      values.push_back(integer == kMissingInteger
                           ? kMissingNumber
                           : coded(boolean_of(static_cast<double>(integer))));
    }
  } else {
    for (const std::string& level : column.levels) values.push_back(coded(parse_boolean(level)));
  }
  return values;
}

/// The same of every row.
std::vector<double> coded_rows(const Column& column) {
  std::vector<double> values = coded_values(column);
  if (column.is_number() || column.has_integers()) return values;
  std::vector<double> of_row;
  of_row.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) {
    of_row.push_back(code == kMissingCode ? kMissingNumber
                                          : values[static_cast<std::size_t>(code)]);
  }
  return of_row;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string word(text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1));
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view yes : {"yes", "y", "true", "t", "on"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"no", "n", "false", "f", "off"}) {
    if (word == no) return false;
  }
  const std::optional<double> number = parse_number(word);
  return number ? boolean_of(*number) : std::nullopt;
}

bool are_booleans(const Column& column) {
  const std::vector<double> values = coded_values(column);
  return std::find(values.begin(), values.end(), kOther) == values.end() &&
         std::any_of(values.begin(), values.end(), [](double x) { return !std::isnan(x); });
}

std::vector<double> booleans_of(const Column& column, const Table& table) {
  const std::vector<double> values = coded_rows(column);
  if (const auto other = std::find(values.begin(), values.end(), kOther); other != values.end()) {
    const auto row = static_cast<std::size_t>(other - values.begin());
    fail<DataError>(
        "{}: column \"{}\" holds \"{}\", which is neither yes nor no: use yes and no, true and "
        "false, or 1 and 0",
        table.where(row), column.name, shortened(column.text(row)));
  }
  return values;
}

std::vector<double> booleans_or_missing(const Column& column) {
  std::vector<double> values = coded_rows(column);
  for (double& value : values) value = value == kOther ? kMissingNumber : value;
  return values;
}

}  // namespace ebb::preprocessing
