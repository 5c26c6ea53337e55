#include "preprocessing/csv_device/column_reader.h"

#include <algorithm>
#include <span>
#include <utility>

#include "preprocessing/common/parallel.h"
#include "preprocessing/csv_device/field_spans.h"
#include "preprocessing/statistics/column_moments.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRowsOfSlice = 4096;

bool is_of_numbers(BuildPlan plan) {
  return plan == BuildPlan::number || plan == BuildPlan::fitted_number ||
         plan == BuildPlan::fixed_number || plan == BuildPlan::number_or_missing ||
         plan == BuildPlan::inferred_number;
}

bool is_of_texts(BuildPlan plan) {
  return plan == BuildPlan::category || plan == BuildPlan::inferred_text;
}

/// The rest may prove identifiers, whose texts or integers are all of a kind that no row shares.
bool is_of_host(BuildPlan plan) { return !is_of_numbers(plan) && !is_of_texts(plan); }

/// Column `column` of all chunks, each [columns, rows], which have `rows` rows.
Tensor join(const std::vector<Tensor>& chunks, std::size_t column, std::size_t rows) {
  Tensor joined = Tensor::empty({static_cast<std::int64_t>(rows)}, chunks.front().dtype(),
                                chunks.front().device());
  std::int64_t begin = 0;
  for (const Tensor& chunk : chunks) {
    const std::int64_t count = chunk.extent(1);
    copy_values(chunk.slice(0, static_cast<std::int64_t>(column), 1).reshape({count}),
                joined.slice(0, begin, count));
    begin += count;
  }
  return joined;
}

/// Whether all numbers that are not missing are equal, and there are some.
bool has_one_value(DeviceTable& table, const Tensor& numbers) {
  const Moments moments = moments_of(table.context(), {&numbers, 1}).front();
  return moments.count > 0 && moments.is_constant();
}

/// The builder of the columns that the host reads, which it gets by themselves.
TableBuilder host_builder(const ColumnPlans& plans, std::string source) {
  std::vector<WantedColumn> columns;
  std::vector<BuildPlan> of_host;
  for (std::size_t i = 0; i < plans.columns.size(); ++i) {
    if (!is_of_host(plans.plans[i])) continue;
    columns.push_back(plans.columns[i]);
    columns.back().position = of_host.size();
    of_host.push_back(plans.plans[i]);
  }
  return TableBuilder(std::move(columns), of_host, std::move(source));
}

/// Makes doubled quotes single; returns how many bytes are left.
std::size_t unquote(char* begin, std::size_t length) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (begin[i] == '"') ++i;
    begin[out++] = begin[i];
  }
  return out;
}

/// The lines on which the rows begin whose first fields are given.
std::vector<std::uint64_t> lines_of(const TextChunk& chunk, std::span<const FieldSpan> first) {
  std::vector<std::uint64_t> lines(static_cast<std::size_t>(chunk.fields.rows));
  std::uint64_t line = chunk.first_line;
  const char* at = chunk.text;
  for (std::size_t row = 0; row < lines.size(); ++row) {
    if (first.empty()) {
      lines[row] = line++;
      continue;
    }
    const char* const begin = chunk.text + first[row].begin;
    line += static_cast<std::uint64_t>(std::count(at, begin, '\n'));
    at = begin;
    lines[row] = line;
  }
  return lines;
}

}  // namespace

ColumnReader::ColumnReader(ColumnPlans plans, std::string source,
                           const std::vector<std::string>& missing, Device device)
    : context_(device),
      notes_(std::move(plans.notes)),
      tokens_(missing),
      missing_(missing),
      on_host_(host_builder(plans, std::move(source))) {
  for (std::size_t i = 0; i < plans.columns.size(); ++i) {
    names_.push_back(plans.columns[i].name);
    if (is_of_numbers(plans.plans[i])) {
      number_columns_.push_back(plans.columns[i]);
      number_plans_.push_back(plans.plans[i]);
    } else if (is_of_texts(plans.plans[i])) {
      text_columns_.push_back({plans.columns[i], plans.plans[i], {}});
    } else {
      host_positions_.push_back(static_cast<std::int64_t>(plans.columns[i].position));
    }
  }
}

bool ColumnReader::append(const TextChunk& chunk) {
  if (!append_numbers(chunk) || !append_texts(chunk)) return false;
  append_on_host(chunk);
  return true;
}

bool ColumnReader::append_numbers(const TextChunk& chunk) {
  const std::int64_t rows = chunk.fields.rows;
  const Tensor numbers =
      Tensor::empty({std::ssize(number_columns_), rows}, DType::f64, context_.device());
  std::vector<ParsedColumn> columns;
  for (std::size_t i = 0; i < number_columns_.size(); ++i) {
    columns.push_back({static_cast<std::int64_t>(number_columns_[i].position),
                       numbers.slice(0, static_cast<std::int64_t>(i), 1).reshape({rows})});
  }
  numbers_.push_back(numbers);
  return parse_numbers(context_, chunk.fields, {chunk.text, chunk.fields.bytes}, tokens_, columns);
}

bool ColumnReader::append_texts(const TextChunk& chunk) {
  const std::int64_t rows = chunk.fields.rows;
  const Tensor codes =
      Tensor::empty({std::ssize(text_columns_), rows}, DType::i32, context_.device());
  codes_.push_back(codes);
  for (std::size_t i = 0; i < text_columns_.size(); ++i) {
    TextColumn& text = text_columns_[i];
    const auto missing =
        encode_texts(context_, chunk.fields, {chunk.text, chunk.fields.bytes},
                     static_cast<std::int64_t>(text.column.position), tokens_, text.texts,
                     codes.slice(0, static_cast<std::int64_t>(i), 1).reshape({rows}));
    if (!missing) return false;
    text.missing += *missing;
  }
  return true;
}

void ColumnReader::append_on_host(const TextChunk& chunk) {
  const auto rows = static_cast<std::size_t>(chunk.fields.rows);
  const std::size_t columns = host_positions_.size();
  const std::vector<FieldSpan> spans = find_spans(context_, chunk.fields, host_positions_);
  const std::int64_t first_column = 0;
  std::vector<FieldSpan> first;
  if (chunk.fields.has_inner_feeds) first = find_spans(context_, chunk.fields, {&first_column, 1});
  const std::vector<std::uint64_t> lines = lines_of(chunk, first);
  FieldBlock block;
  block.columns = columns;
  block.slices.resize((rows + kRowsOfSlice - 1) / kRowsOfSlice);
  parallel_for(block.slices.size(), kRowsOfSlice * columns, [&](std::size_t i) {
    const std::size_t begin = i * kRowsOfSlice;
    const std::size_t end = std::min(rows, begin + kRowsOfSlice);
    std::vector<Field> fields((end - begin) * columns);
    for (std::size_t k = 0; k < fields.size(); ++k) {
      const FieldSpan span = spans[begin * columns + k];
      std::size_t length = span.length & ~FieldSpan::kDoubled;
      if (length != span.length) length = unquote(chunk.text + span.begin, length);
      fields[k] = {span.begin, static_cast<std::uint32_t>(length)};
    }
    block.slices[i] = FieldSlice(chunk.text, columns, std::move(fields),
                                 {lines.begin() + static_cast<std::ptrdiff_t>(begin),
                                  lines.begin() + static_cast<std::ptrdiff_t>(end)});
  });
  on_host_.append(block, 0, rows, missing_);
}

DeviceRead ColumnReader::finish() && {
  auto origin = std::make_unique<Table>(on_host_.finish());
  origin->notes = std::move(notes_);
  DeviceTable table(*origin, context_.device());
  for (std::size_t i = 0; i < number_columns_.size(); ++i) add_numbers(table, i);
  for (std::size_t i = 0; i < text_columns_.size(); ++i) add_texts(table, i);
  table.arrange(names_);
  return {std::move(origin), std::move(table), true};
}

void ColumnReader::add_numbers(DeviceTable& table, std::size_t column) const {
  const std::string& name = number_columns_[column].name;
  DeviceColumn numbers{name, ColumnKind::number, join(numbers_, column, table.rows()), {}};
  const bool has_one_level =
      number_plans_[column] == BuildPlan::inferred_number && has_one_value(table, numbers.values);
  if (has_one_level) {
    table.add(one_level_column(name, download(numbers).numbers).value());
  } else {
    table.add(std::move(numbers));
  }
}

void ColumnReader::add_texts(DeviceTable& table, std::size_t column) {
  TextColumn& text = text_columns_[column];
  DeviceColumn codes{text.column.name, ColumnKind::category, join(codes_, column, table.rows()),
                     std::move(text.texts).take_levels()};
  if (text.plan == BuildPlan::inferred_text)
    codes.kind = kind_of_texts(codes.name, table.rows(), text.missing, codes.levels);
  table.add(std::move(codes));
}

}  // namespace ebb::preprocessing
