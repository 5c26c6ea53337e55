#include "preprocessing/table/inference.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"

namespace ebb::preprocessing {
namespace {

constexpr double kDistinctShare = 0.95;
constexpr double kNumberShare = 0.90;
constexpr double kZeroLedShare = 0.01;
constexpr std::size_t kEnoughValues = 20;
constexpr std::size_t kIssuedDigits = 7;

bool is_nearly_unique(std::size_t values, std::size_t distinct) {
  return values > 1 &&
         static_cast<double>(distinct) >= kDistinctShare * static_cast<double>(values);
}

bool is_zero_led(std::string_view integer) { return integer.size() >= 2 && integer[0] == '0'; }

bool is_comma_decimal(std::string_view value) {
  const std::size_t comma = value.find(',');
  if (comma == std::string_view::npos) return false;
  std::string with_point(value);
  with_point[comma] = '.';
  return parse_number(with_point).has_value();
}

/// The words of a name: runs of letters, cut where a capital follows a small letter, in lower case.
std::vector<std::string> words(std::string_view name) {
  std::vector<std::string> result(1);
  char previous = ' ';
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_letter = std::isalpha(byte) != 0;
    const bool is_hump =
        std::isupper(byte) != 0 && std::islower(static_cast<unsigned char>(previous)) != 0;
    if ((!is_letter || is_hump) && !result.back().empty()) result.emplace_back();
    if (is_letter) result.back() += static_cast<char>(std::tolower(byte));
    previous = c;
  }
  return result;
}

/// Without advice to declare the column otherwise.
[[noreturn]] void fail_with_fixed_kind(std::string_view source, std::uint64_t line,
                                       std::string_view column, std::string_view value,
                                       std::string_view reason) {
  fail<DataError>(
      "{}:{}: column \"{}\": \"{}\" is not a number, {}: correct the cell, or leave it empty if "
      "the value is not known",
      source, line, column, shortened(value), reason);
}

}  // namespace

void ColumnProfile::add(std::string_view value, std::uint64_t line) {
  ++rows;
  add_length(value.size());
  const std::optional<double> number = parse_number(value);
  if (!number) {
    if (is_comma_decimal(value)) ++comma_decimals;
    if (first_text_line == 0) {
      first_text = value;
      first_text_line = line;
    }
    return;
  }
  add_number(*number);
  if (is_integer_text(value)) {
    ++integers;
    if (is_zero_led(value)) ++zero_led;
  }
}

void ColumnProfile::add_integer(std::int64_t value, std::size_t bytes) {
  ++rows;
  add_length(bytes);
  add_number(static_cast<double>(value));
  ++integers;
}

void ColumnProfile::add_length(std::size_t bytes) {
  shortest = values() == 1 ? bytes : std::min(shortest, bytes);
  longest = std::max(longest, bytes);
}

void ColumnProfile::add_number(double value) {
  lowest = numbers == 0 ? value : std::min(lowest, value);
  highest = numbers == 0 ? value : std::max(highest, value);
  ++numbers;
}

void ColumnProfile::add(const ColumnProfile& below) {
  if (below.values() > 0) {
    shortest = values() == 0 ? below.shortest : std::min(shortest, below.shortest);
    longest = std::max(longest, below.longest);
  }
  if (below.numbers > 0) {
    lowest = numbers == 0 ? below.lowest : std::min(lowest, below.lowest);
    highest = numbers == 0 ? below.highest : std::max(highest, below.highest);
  }
  if (first_text_line == 0) {
    first_text = below.first_text;
    first_text_line = below.first_text_line;
  }
  rows += below.rows;
  missing += below.missing;
  numbers += below.numbers;
  integers += below.integers;
  comma_decimals += below.comma_decimals;
  zero_led += below.zero_led;
}

ColumnContent classify(const ColumnProfile& profile) {
  const auto values = static_cast<double>(profile.values());
  if (profile.values() == 0) return ColumnContent::none;
  if (profile.numbers == 0 || static_cast<double>(profile.zero_led) > kZeroLedShare * values) {
    return ColumnContent::text;
  }
  if (profile.integers == profile.values()) {
    return profile.longest > kExactBytes ? ColumnContent::text : ColumnContent::integers;
  }
  if (profile.numbers == profile.values()) return ColumnContent::numbers;
  return static_cast<double>(profile.numbers) >= kNumberShare * values
             ? ColumnContent::numbers_with_text
             : ColumnContent::text;
}

std::string describe_doubt(std::string_view name, const ColumnProfile& profile) {
  if (classify(profile) != ColumnContent::text || profile.numbers == profile.values()) return {};
  if (profile.comma_decimals > 0 && profile.comma_decimals + profile.numbers == profile.values()) {
    return fmt::format(
        "column \"{}\" holds numbers with a decimal comma, such as \"{}\", and is "
        "read as a category: write them with a point",
        name, shortened(profile.first_text));
  }
  if (profile.numbers == 0) return {};
  return fmt::format(
      "column \"{}\" is read as a category, though {} of its {} values are numbers; "
      "\"{}\" is not",
      name, profile.numbers, profile.values(), shortened(profile.first_text));
}

bool is_integer_identifier(std::string_view name, const ColumnProfile& profile,
                           std::size_t distinct) {
  if (!is_nearly_unique(profile.values(), distinct)) return false;
  if (has_identifier_name(name)) return true;
  if (profile.values() < kEnoughValues) return false;
  const auto values = static_cast<double>(profile.values());
  const double range = profile.highest - profile.lowest + 1.0;
  const double expected_repeats = values + range * std::expm1(values * std::log1p(-1.0 / range));
  const double repeats = values - static_cast<double>(distinct);
  if (range == static_cast<double>(distinct)) return true;
  if (expected_repeats >= std::max(10.0, 4.0 * repeats)) return true;
  return repeats == 0.0 && profile.shortest == profile.longest && profile.longest >= kIssuedDigits;
}

bool is_text_identifier(std::string_view name, std::size_t values,
                        std::span<const std::string> distinct) {
  return is_nearly_unique(values, distinct.size()) &&
         (values >= kEnoughValues || has_identifier_name(name)) && !are_comma_decimals(distinct);
}

bool are_comma_decimals(std::span<const std::string> texts) {
  const auto is_number = [](const std::string& text) { return parse_number(text).has_value(); };
  return std::any_of(texts.begin(), texts.end(), is_comma_decimal) &&
         std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
           return is_comma_decimal(text) || is_number(text);
         });
}

bool has_identifier_name(std::string_view name) {
  constexpr std::array<std::string_view, 12> kWords = {
      "id",    "ids",    "uuid",       "guid",     "key",     "rownumber",
      "rowid", "userid", "customerid", "clientid", "orderid", "accountid"};
  constexpr std::array<std::string_view, 6> kPhrases = {"编号", "号码",   "单号",
                                                        "证号", "手机号", "流水号"};
  std::vector<std::string> candidates = words(name);
  candidates.push_back(std::accumulate(candidates.begin(), candidates.end(), std::string()));
  for (const std::string& word : candidates) {
    if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  }
  return name.ends_with("ID") || name.ends_with("Id") ||
         std::any_of(kPhrases.begin(), kPhrases.end(), [&](std::string_view phrase) {
           return name.find(phrase) != std::string_view::npos;
         });
}

void fail_not_a_number(std::string_view source, std::uint64_t line, std::string_view column,
                       std::string_view value, std::string_view reason) {
  fail<DataError>(
      "{}:{}: column \"{}\": \"{}\" is not a number, {}: correct the cell, declare the "
      "column a category, or add \"{}\" to the missing tokens",
      source, line, column, shortened(value), reason, shortened(value));
}

void fail_no_longer_a_number(std::string_view source, std::uint64_t line, std::string_view column,
                             std::string_view value) {
  fail_with_fixed_kind(source, line, column, value, "as the column was in training");
}

void fail_must_be_a_number(std::string_view source, std::uint64_t line, std::string_view column,
                           std::string_view value) {
  fail_with_fixed_kind(source, line, column, value, "as it must be");
}

}  // namespace ebb::preprocessing
