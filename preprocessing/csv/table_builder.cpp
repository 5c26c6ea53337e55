#include "preprocessing/csv/table_builder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {

TableBuilder::TableBuilder(std::vector<WantedColumn> columns, const std::vector<BuildPlan>& plans,
                           std::string source)
    : columns_(std::move(columns)), source_(std::move(source)) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    builders_.emplace_back(columns_[i].name, plans[i], source_);
  }
}

void TableBuilder::reserve(std::size_t rows) {
  lines_.reserve(rows);
  for (ColumnBuilder& builder : builders_) builder.reserve(rows);
}

void TableBuilder::append(const FieldBlock& block, std::size_t begin, std::size_t end,
                          const MissingTokens& missing) {
  const std::vector<RowRange> ranges = take_ranges(block, begin, end);
  unsettled_.resize(std::max(unsettled_.size(), ranges.size() * columns_.size()));
  parallel_for(builders_.size(), end - begin,
               [&](std::size_t i) { builders_[i].grow(end - begin); });
  parallel_for(ranges.size(), (end - begin) * columns_.size() / ranges.size(), [&](std::size_t i) {
    read(ranges[i], missing, unsettled_.data() + i * columns_.size());
  });
  parallel_for(builders_.size(), end - begin, [&](std::size_t i) {
    for (std::size_t range = 0; range < ranges.size(); ++range) {
      builders_[i].settle(ranges[range], columns_[i].position, missing,
                          unsettled_[range * columns_.size() + i]);
    }
  });
}

/// Cuts rows [begin, end) by slices, and notes their lines.
std::vector<RowRange> TableBuilder::take_ranges(const FieldBlock& block, std::size_t begin,
                                                std::size_t end) {
  std::vector<RowRange> ranges;
  std::size_t first = 0;  // row of the block with which the slice begins
  for (const FieldSlice& slice : block.slices) {
    const std::size_t from = std::clamp(begin, first, first + slice.rows());
    const std::size_t to = std::clamp(end, first, first + slice.rows());
    if (from < to) ranges.push_back({&slice, from - first, to - first, lines_.size()});
    for (std::size_t row = from; row < to; ++row) lines_.push_back(slice.line(row - first));
    first += slice.rows();
  }
  return ranges;
}

void TableBuilder::read(const RowRange& rows, const MissingTokens& missing, Unsettled* unsettled) {
  std::optional<std::size_t> first_refused;
  std::size_t refusing = 0;
  for (std::size_t i = 0; i < builders_.size(); ++i) {
    const auto refused = builders_[i].read(rows, columns_[i].position, missing, unsettled[i]);
    if (refused && (!first_refused || *refused < *first_refused)) {
      first_refused = refused;
      refusing = i;
    }
  }
  if (first_refused) {
    builders_[refusing].refuse(*rows.slice, *first_refused, columns_[refusing].position);
  }
}

Table TableBuilder::finish() {
  Table table(source_, std::exchange(lines_, {}));
  for (const ColumnBuilder& builder : builders_) {
    if (builder.stray_texts().count > 0) table.stray_texts.push_back(builder.stray_texts());
  }
  std::vector<Column> columns(builders_.size());
  parallel_for(columns.size(), table.rows(),
               [&](std::size_t i) { columns[i] = builders_[i].finish(); });
  for (Column& column : columns) table.add(std::move(column));
  return table;
}

}  // namespace ebb::preprocessing
