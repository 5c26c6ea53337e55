#include "preprocessing/table/column.h"

#include <algorithm>
#include <bit>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/table/dictionary.h"

namespace ebb::preprocessing {
namespace {

/// Up to so many bits for a value, a bit for each possible one is faster than sorting.
constexpr std::uint64_t kDenseRange = 64;

/// Of integers in [lowest, lowest + range].
std::size_t count_by_bits(const std::vector<std::int64_t>& integers, std::int64_t lowest,
                          std::uint64_t range) {
  std::vector<bool> is_there(range + 1);
  std::size_t distinct = 0;
  for (const std::int64_t value : integers) {
    if (value == kMissingInteger) continue;
    const auto i = static_cast<std::size_t>(value - lowest);
    distinct += is_there[i] ? 0 : 1;
    is_there[i] = true;
  }
  return distinct;
}

std::size_t count_by_sorting(std::vector<std::int64_t> integers) {
  std::erase(integers, kMissingInteger);
  std::sort(integers.begin(), integers.end());
  return static_cast<std::size_t>(std::unique(integers.begin(), integers.end()) - integers.begin());
}

}  // namespace

std::string Column::text(std::size_t row) const {
  if (is_missing(row)) return {};
  if (is_number()) return format_number(numbers[row]);
  if (has_integers()) return fmt::format("{}", integers[row]);
  return levels[static_cast<std::size_t>(codes[row])];
}

std::size_t count_missing(const Column& column) {
  std::size_t missing = 0;
  for (std::size_t row = 0; row < column.size(); ++row) missing += column.is_missing(row) ? 1 : 0;
  return missing;
}

bool has_values(const Column& column) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_missing(row)) return true;
  }
  return false;
}

Column number_column(std::string name, std::vector<double> values) {
  Column column;
  column.name = std::move(name);
  column.numbers = std::move(values);
  return column;
}

Column text_column(std::string name, const std::vector<std::string>& texts, ColumnKind kind) {
  if (kind == ColumnKind::number) fail("text_column: \"{}\" cannot be of kind number", name);
  Column column;
  column.name = std::move(name);
  column.kind = kind;
  column.codes.reserve(texts.size());
  Dictionary dictionary;
  for (const std::string& text : texts) {
    column.codes.push_back(text.empty() ? kMissingCode : dictionary.code(text));
  }
  column.levels = std::move(dictionary).take_levels();
  return column;
}

Column as_text(const Column& column) {
  if (!column.is_number() && !column.has_integers()) return column;
  std::vector<std::string> texts;
  texts.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) texts.push_back(column.text(row));
  return text_column(column.name, texts, column.is_number() ? ColumnKind::category : column.kind);
}

std::size_t count_distinct(const std::vector<std::int64_t>& integers) {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  std::int64_t highest = kMissingInteger;
  for (const std::int64_t value : integers) {
    if (value != kMissingInteger) lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  if (highest == kMissingInteger) return 0;
  const auto range = static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest);
  return range / kDenseRange <= integers.size() ? count_by_bits(integers, lowest, range)
                                                : count_by_sorting(integers);
}

bool is_same(const Column& first, const Column& second) {
  const auto same_bits = [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  };
  return first.name == second.name && first.kind == second.kind &&
         std::ranges::equal(first.numbers, second.numbers, same_bits) &&
         first.codes == second.codes && first.levels == second.levels &&
         first.integers == second.integers;
}

std::string_view kind_name(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::number:
      return "number";
    case ColumnKind::category:
      return "category";
    case ColumnKind::identifier:
      return "identifier";
    case ColumnKind::constant:
      return "constant";
  }
  return "unknown";
}

std::string_view kind_name(DeclaredKind kind) {
  switch (kind) {
    case DeclaredKind::number:
      return "number";
    case DeclaredKind::category:
      return "category";
    case DeclaredKind::identifier:
      return "identifier";
    case DeclaredKind::ignore:
      return "ignore";
  }
  return "unknown";
}

DeclaredKind parse_declared_kind(std::string_view name) {
  for (const DeclaredKind kind : {DeclaredKind::number, DeclaredKind::category,
                                  DeclaredKind::identifier, DeclaredKind::ignore}) {
    if (name == kind_name(kind)) return kind;
  }
  fail<DataError>("\"{}\" is no kind of column: use number, category, identifier or ignore", name);
}

}  // namespace ebb::preprocessing
