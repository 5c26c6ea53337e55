#include "apps/churn/data/write_table.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/io/safetensors.h"
#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/csv_writer.h"

namespace ebb::churn {
namespace {

using preprocessing::EncodedRows;

constexpr std::size_t kRowsPerPart = 1024;
constexpr std::size_t kPartsPerWrite = 64;

std::vector<std::string> feature_names(const PreparedTable& table, CategoryLayout layout) {
  if (layout == CategoryLayout::one_hot) return one_hot_names(table.pipeline);
  std::vector<std::string> names = table.pipeline.number_names();
  for (std::string& name : table.pipeline.category_names()) names.push_back(std::move(name));
  return names;
}

/// Names are made of others, as "x is missing" of "x", so two may meet.
void check_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  if (!names.empty() && names.front().empty()) {
    fail<DataError>("a column of the prepared table would have no name: give it one");
  }
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  fail<DataError>(
      "two columns of the prepared table would have the name \"{}\": rename the column of that "
      "name, or the one that another is made of",
      *twice);
}

std::vector<std::string> header_of(const PreparedTable& table, CategoryLayout layout) {
  std::vector<std::string> header;
  if (!table.ids.empty()) header.push_back(table.id_column);
  for (std::string& name : feature_names(table, layout)) header.push_back(std::move(name));
  if (!table.labels.empty()) header.push_back(table.pipeline.target());
  check_names(header);
  return header;
}

template <class Number>
void append_number(std::string& text, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

/// The features of one row, with commas between them.
class RowFormatter {
 public:
  RowFormatter(const PreparedTable& table, CategoryLayout layout)
      : table_(table), layout_(layout), cardinalities_(table.pipeline.cardinalities()) {}

  void append(std::string& text, std::size_t row) const {
    bool is_first = true;
    const auto field = [&](auto value) {
      if (!is_first) text += ',';
      is_first = false;
      append_number(text, value);
    };
    if (!table_.ids.empty()) {
      preprocessing::append_csv_field(text, table_.ids[row]);
      is_first = false;
    }
    const EncodedRows& rows = table_.rows;
    for (std::size_t i = 0; i < rows.number_count; ++i)
      field(rows.numbers[row * rows.number_count + i]);
    for (std::size_t i = 0; i < rows.category_count; ++i) {
      const std::int32_t code = rows.codes[row * rows.category_count + i];
      if (layout_ == CategoryLayout::codes) {
        field(code);
        continue;
      }
      for (std::int32_t level = 0; level < cardinalities_[i]; ++level) {
        if (level != preprocessing::kEncodedUnknown) field(code == level ? 1 : 0);
      }
    }
    if (!table_.labels.empty()) field(table_.labels[row]);
    text += '\n';
  }

 private:
  const PreparedTable& table_;
  CategoryLayout layout_;
  std::vector<std::int32_t> cardinalities_;
};

template <class T>
SafetensorsEntry entry(std::string name, Shape shape, const std::vector<T>& values) {
  return {std::move(name), dtype_of<T>, shape, std::as_bytes(std::span(values))};
}

}  // namespace

void write_csv_table(const PreparedTable& table, CategoryLayout layout,
                     const std::function<void(std::string_view)>& write) {
  std::string text;
  preprocessing::append_csv_record(text, header_of(table, layout));
  write(text);
  const RowFormatter formatter(table, layout);
  constexpr std::size_t kRowsPerWrite = kRowsPerPart * kPartsPerWrite;
  std::vector<std::string> parts(kPartsPerWrite);
  for (std::size_t first = 0; first < table.rows.rows; first += kRowsPerWrite) {
    const std::size_t count = std::min(kRowsPerWrite, table.rows.rows - first);
    preprocessing::parallel_ranges(count, table.rows.number_count + table.rows.category_count,
                                   kRowsPerPart, [&](std::size_t begin, std::size_t end) {
                                     std::string& part = parts[begin / kRowsPerPart];
                                     part.clear();
                                     for (std::size_t row = begin; row < end; ++row)
                                       formatter.append(part, first + row);
                                   });
    for (std::size_t part = 0; part * kRowsPerPart < count; ++part) write(parts[part]);
  }
}

void write_tensor_table(AtomicFile& output, const PreparedTable& table, CategoryLayout layout) {
  const std::vector<std::string> names = feature_names(table, layout);
  check_names(names);
  const EncodedRows& rows = table.rows;
  const auto count = static_cast<std::int64_t>(rows.rows);
  preprocessing::OneHotRows one_hot;
  std::vector<SafetensorsEntry> entries;
  if (layout == CategoryLayout::one_hot) {
    one_hot = one_hot_rows(rows, table.pipeline.cardinalities());
    entries.push_back(
        entry("features", {count, static_cast<std::int64_t>(one_hot.width)}, one_hot.values));
  } else {
    entries.push_back(
        entry("numbers", {count, static_cast<std::int64_t>(rows.number_count)}, rows.numbers));
    entries.push_back(
        entry("codes", {count, static_cast<std::int64_t>(rows.category_count)}, rows.codes));
  }
  if (!table.labels.empty()) entries.push_back(entry("labels", {count}, table.labels));
  write_safetensors(
      output, entries,
      {{"names", nlohmann::json(names).dump()}, {"pipeline", table.pipeline.to_json().dump()}});
}

}  // namespace ebb::churn
