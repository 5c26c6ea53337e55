// The values of a column as groups.
#include "kernels/common/error.h"
#include "preprocessing/split/group_split.h"
#include "preprocessing/split/ranks.h"

namespace ebb::preprocessing {
namespace {

void require_values(const Table& table, const Column& column) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!column.is_missing(row)) continue;
    fail<DataError>(
        "{}: column \"{}\" groups the rows, and its value is missing: fill it in, with a value of "
        "its own if the row belongs to no other",
        table.where(row), column.name);
  }
}

/// A table that lost rows may have levels that no row has.
Groups number_levels(const Column& column) {
  constexpr auto kUnseen = static_cast<std::uint32_t>(-1);
  std::vector<std::uint32_t> group_of_level(column.levels.size(), kUnseen);
  Groups groups;
  groups.of_row.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) {
    std::uint32_t& group = group_of_level[static_cast<std::size_t>(code)];
    if (group == kUnseen) group = static_cast<std::uint32_t>(groups.count++);
    groups.of_row.push_back(group);
  }
  return groups;
}

template <class Value>
Groups number_values(const std::vector<Value>& values) {
  Ranks ranks = rank_values(std::span(values));
  return {std::move(ranks.of_row), ranks.count};
}

}  // namespace

Groups group_rows(const Table& table, std::string_view name) {
  const Column& column = table.column(name);
  require_values(table, column);
  if (column.has_integers()) return number_values(column.integers);
  return column.is_number() ? number_values(column.numbers) : number_levels(column);
}

}  // namespace ebb::preprocessing
