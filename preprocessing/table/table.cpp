#include "preprocessing/table/table.h"

#include <algorithm>
#include <functional>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {

Table::Table(std::string source, std::vector<std::uint64_t> lines)
    : source_(std::move(source)), lines_(std::move(lines)), rows_(lines_.size()) {}

std::vector<std::string> Table::names() const {
  std::vector<std::string> result;
  result.reserve(columns_.size());
  for (const Column& column : columns_) result.push_back(column.name);
  return result;
}

std::string Table::where(std::size_t row) const {
  if (lines_.empty()) return fmt::format("{}: row {}", source_, row + 1);
  return fmt::format("{}:{}", source_, lines_[row]);
}

const Column* Table::find(std::string_view name) const {
  const auto found = positions_.find(std::string(name));
  return found == positions_.end() ? nullptr : &columns_[found->second];
}

const Column& Table::column(std::string_view name) const {
  if (const Column* found = find(name)) return *found;
  fail<DataError>("{}: there is no column \"{}\".{}", source_, name, suggest_names(name, names()));
}

void Table::add(Column column) {
  if (find(column.name) != nullptr) {
    fail<DataError>("{}: column \"{}\" exists twice", source_, column.name);
  }
  if (columns_.empty() && lines_.empty()) rows_ = column.size();
  if (column.size() != rows_) {
    fail("{}: column \"{}\" has {} values, expected {}", source_, column.name, column.size(),
         rows_);
  }
  positions_.emplace(column.name, columns_.size());
  columns_.push_back(std::move(column));
}

std::vector<std::string> Table::present(std::span<const std::string> names) const {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (find(name) != nullptr) found.push_back(name);
  }
  return found;
}

bool Table::has_all(std::span<const std::string> names) const {
  return std::ranges::all_of(names, [&](const std::string& name) { return find(name) != nullptr; });
}

const std::vector<double>& Table::numbers(std::string_view name) const {
  const Column& found = column(name);
  if (!found.is_number()) {
    fail<DataError>("{}: column \"{}\" is one of {}, expected one of numbers", source_, name,
                    kind_name(found.kind));
  }
  return found.numbers;
}

void Table::replace(std::span<const std::string> names,
                    const std::function<std::vector<Column>(std::size_t, Column)>& change) {
  std::vector<std::vector<Column>> results(columns_.size());
  std::vector<std::size_t> places;
  for (const std::string& name : names) {
    places.push_back(static_cast<std::size_t>(&column(name) - columns_.data()));
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (std::ranges::find(places, i) == places.end()) results[i].push_back(std::move(columns_[i]));
  }
  parallel_for(places.size(), rows_, [&](std::size_t i) {
    results[places[i]] = change(i, std::move(columns_[places[i]]));
  });
  columns_.clear();
  positions_.clear();
  for (std::vector<Column>& columns : results) {
    for (Column& column : columns) add(std::move(column));
  }
}

void Table::drop(std::span<const std::string> names) {
  for (const std::string& name : names) static_cast<void>(column(name));
  std::erase_if(columns_, [&](const Column& column) {
    return std::find(names.begin(), names.end(), column.name) != names.end();
  });
  index_names();
}

void Table::index_names() {
  positions_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) positions_.emplace(columns_[i].name, i);
}

void Table::keep_rows(std::span<const std::size_t> rows) {
  const bool is_ascending =
      std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) == rows.end();
  if (!is_ascending || (!rows.empty() && rows.back() >= rows_)) {
    fail("keep_rows: rows must ascend and be below {}", rows_);
  }
  const auto keep = [&](auto& values) {
    if (values.empty()) return;
    for (std::size_t i = 0; i < rows.size(); ++i) values[i] = values[rows[i]];
    values.resize(rows.size());
  };
  parallel_for(columns_.size(), rows.size(), [&](std::size_t i) {
    keep(columns_[i].numbers);
    keep(columns_[i].codes);
    keep(columns_[i].integers);
  });
  keep(lines_);
  rows_ = rows.size();
}

Table select_rows(const Table& table, std::span<const std::size_t> indices) {
  for (const std::size_t index : indices) {
    if (index >= table.rows()) {
      fail("select_rows: row {} of a table with {} rows", index, table.rows());
    }
  }
  const auto pick = [&](const auto& values) {
    std::remove_cvref_t<decltype(values)> picked;
    if (values.empty()) return picked;
    picked.reserve(indices.size());
    for (const std::size_t index : indices) picked.push_back(values[index]);
    return picked;
  };
  std::vector<Column> picked(table.columns().size());
  parallel_for(picked.size(), indices.size(), [&](std::size_t i) {
    const Column& column = table.columns()[i];
    picked[i] = {column.name,        column.kind,   pick(column.numbers),
                 pick(column.codes), column.levels, pick(column.integers)};
  });
  Table result(table.source(), pick(table.lines()));
  for (Column& column : picked) result.add(std::move(column));
  result.notes = table.notes;
  return result;
}

}  // namespace ebb::preprocessing
