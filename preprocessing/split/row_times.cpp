#include "preprocessing/split/row_times.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/split/ranks.h"

namespace ebb::preprocessing {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The text with every digit as 0.
std::string shape_of(std::string_view text) {
  std::string shape(text);
  for (char& c : shape) c = is_digit(c) ? '0' : c;
  return shape;
}

/// Takes `prefix` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Whether the two digits at `position`, if the text is so long, are from `lowest` to `highest`.
bool is_within(std::string_view text, std::size_t position, int lowest, int highest) {
  if (text.size() < position + 2) return true;
  const int value = 10 * (text[position] - '0') + (text[position + 1] - '0');
  return value >= lowest && value <= highest;
}

/// The form of a date of those that time_ranks lists: two texts of one form are in order of time.
/// Empty for any other text.
std::string form_of_date(std::string_view text) {
  const std::string shape = shape_of(text);
  std::string_view rest = shape;
  if (!take(rest, "0000-00")) return {};
  if (take(rest, "-00") && (take(rest, "T00:00") || take(rest, " 00:00"))) {
    if (take(rest, ":00") && rest.starts_with(".0")) {
      rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of('0', 1)));
    }
    const bool is_zone = rest.empty() || rest == "Z" || rest == "+00:00" || rest == "-00:00";
    if (!is_zone) return {};
  } else if (!rest.empty()) {
    return {};
  }
  const std::size_t local = text.size() - rest.size();
  const std::string_view clock = text.substr(0, local);
  const bool is_possible = is_within(clock, 5, 1, 12) && is_within(clock, 8, 1, 31) &&
                           is_within(clock, 11, 0, 24) && is_within(clock, 14, 0, 59) &&
                           is_within(clock, 17, 0, 60);
  if (!is_possible) return {};
  return shape.substr(0, local).append(text.substr(local));
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The distinct texts of a column, found row by row, and what they spell.
class TextTimes {
 public:
  TextTimes(const Table& table, const Column& column)
      : table_(table), column_(column), position_of_level_(column.levels.size(), kUnseen) {}

  std::vector<std::uint32_t> ranks() {
    std::vector<std::size_t> positions;
    positions.reserve(column_.codes.size());
    for (std::size_t row = 0; row < column_.codes.size(); ++row) {
      const auto level = static_cast<std::size_t>(column_.codes[row]);
      if (position_of_level_[level] == kUnseen) {
        position_of_level_[level] = texts_.size();
        add(row, column_.levels[level]);
      }
      positions.push_back(position_of_level_[level]);
    }
    const std::vector<std::uint32_t> rank_of_text = rank();
    std::vector<std::uint32_t> of_row;
    of_row.reserve(positions.size());
    for (const std::size_t position : positions) of_row.push_back(rank_of_text[position]);
    return of_row;
  }

 private:
  static constexpr auto kUnseen = static_cast<std::size_t>(-1);

  void add(std::size_t row, std::string_view text) {
    if (const auto number = parse_number(text)) {
      numbers_.push_back(*number);
      if (const auto integer = parse_integer(text)) integers_.push_back(*integer);
    } else {
      const std::string form = form_of_date(text);
      if (form.empty()) refuse(row, "");
      if (form_.empty()) form_ = form;
      if (form != form_) refuse(row, fmt::format(" beside \"{}\"", shortened(texts_.front())));
    }
    texts_.push_back(text);
    if (!form_.empty() && !numbers_.empty()) {
      refuse(row, fmt::format(" beside \"{}\"", shortened(texts_.front())));
    }
  }

  std::vector<std::uint32_t> rank() const {
    if (!form_.empty()) return rank_values(std::span(texts_)).of_row;
    if (integers_.size() == texts_.size()) return rank_values(std::span(integers_)).of_row;
    return rank_values(std::span(numbers_)).of_row;
  }

  [[noreturn]] void refuse(std::size_t row, std::string_view beside) const {
    fail<DataError>(
        "{}: column \"{}\" orders the rows by time and holds \"{}\"{}: expected a number, or a "
        "date as 2024-03-31 or a time as 2024-03-31T18:05:00 (UTC or all of one offset), of one "
        "form in every row",
        table_.where(row), column_.name, shortened(column_.text(row)), beside);
  }

  const Table& table_;
  const Column& column_;
  std::vector<std::size_t> position_of_level_;
  std::vector<std::string_view> texts_;
  std::vector<double> numbers_;         // of the texts, while all are numbers
  std::vector<std::int64_t> integers_;  // the same, while all are whole
  std::string form_;                    // of the dates
};

std::vector<std::uint32_t> ranks_of(const Table& table, const Column& column) {
  if (column.has_integers()) return rank_values(std::span(column.integers)).of_row;
  if (column.is_number()) return rank_values(std::span(column.numbers)).of_row;
  return TextTimes(table, column).ranks();
}

}  // namespace

std::vector<std::int64_t> time_ranks(const Table& table, std::string_view name) {
  const Column& column = table.column(name);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!column.is_missing(row)) continue;
    fail<DataError>(
        "{}: column \"{}\" orders the rows by time, and its value is missing: fill it "
        "in or take the row out",
        table.where(row), name);
  }
  const std::vector<std::uint32_t> ranks = ranks_of(table, column);
  return {ranks.begin(), ranks.end()};
}

}  // namespace ebb::preprocessing
