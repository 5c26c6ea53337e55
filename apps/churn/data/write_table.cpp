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
using preprocessing::Pipeline;

constexpr std::size_t kRowsPerPart = 1024;
constexpr std::size_t kPartsPerWrite = 64;

std::vector<std::string> feature_names(const Pipeline& pipeline, CategoryLayout layout) {
  if (layout == CategoryLayout::one_hot) return one_hot_names(pipeline);
  std::vector<std::string> names = pipeline.number_names();
  for (std::string& name : pipeline.category_names()) names.push_back(std::move(name));
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

template <class Number>
void append_number(std::string& text, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

class CsvTableWriter final : public TableWriter {
 public:
  CsvTableWriter(const Pipeline& pipeline, std::string id_column, CategoryLayout layout,
                 std::function<void(std::string_view)> write)
      : pipeline_(pipeline),
        id_column_(std::move(id_column)),
        layout_(layout),
        cardinalities_(pipeline.cardinalities()),
        write_(std::move(write)),
        parts_(kPartsPerWrite) {}

  void add(PreparedRows rows) override {
    if (!has_header_) write_header(rows);
    has_header_ = true;
    const std::size_t features = rows.features.number_count + rows.features.category_count;
    constexpr std::size_t kRowsPerWrite = kRowsPerPart * kPartsPerWrite;
    for (std::size_t first = 0; first < rows.features.rows; first += kRowsPerWrite) {
      const std::size_t count = std::min(kRowsPerWrite, rows.features.rows - first);
      preprocessing::parallel_ranges(count, features, kRowsPerPart,
                                     [&](std::size_t begin, std::size_t end) {
                                       std::string& part = parts_[begin / kRowsPerPart];
                                       part.clear();
                                       for (std::size_t row = begin; row < end; ++row)
                                         append(part, rows, first + row);
                                     });
      for (std::size_t part = 0; part * kRowsPerPart < count; ++part) write_(parts_[part]);
    }
  }
  void finish() override {}

 private:
  void write_header(const PreparedRows& rows) const {
    std::vector<std::string> header;
    if (!rows.ids.empty()) header.push_back(id_column_);
    for (std::string& name : feature_names(pipeline_, layout_)) header.push_back(std::move(name));
    if (!rows.labels.empty()) header.push_back(pipeline_.target());
    check_names(header);
    std::string text;
    preprocessing::append_csv_record(text, header);
    write_(text);
  }

  /// One line, with commas between its fields.
  void append(std::string& text, const PreparedRows& of, std::size_t row) const {
    bool is_first = true;
    const auto field = [&](auto value) {
      if (!is_first) text += ',';
      is_first = false;
      append_number(text, value);
    };
    if (!of.ids.empty()) {
      preprocessing::append_csv_field(text, of.ids[row]);
      is_first = false;
    }
    const EncodedRows& rows = of.features;
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
    if (!of.labels.empty()) field(of.labels[row]);
    text += '\n';
  }

  const Pipeline& pipeline_;
  std::string id_column_;
  CategoryLayout layout_;
  std::vector<std::int32_t> cardinalities_;
  std::function<void(std::string_view)> write_;
  bool has_header_ = false;
  std::vector<std::string> parts_;
};

template <class T>
SafetensorsEntry entry(std::string name, Shape shape, const std::vector<T>& values) {
  return {std::move(name), dtype_of<T>, shape, std::as_bytes(std::span(values))};
}

template <class T>
void append_values(std::vector<T>& to, const std::vector<T>& values) {
  to.insert(to.end(), values.begin(), values.end());
}

class TensorTableWriter final : public TableWriter {
 public:
  TensorTableWriter(const Pipeline& pipeline, CategoryLayout layout, AtomicFile& output)
      : pipeline_(pipeline),
        layout_(layout),
        output_(output),
        names_(feature_names(pipeline, layout)) {
    check_names(names_);
  }

  void add(PreparedRows rows) override {
    if (all_.rows == 0) {
      all_ = std::move(rows.features);
      labels_ = std::move(rows.labels);
      return;
    }
    all_.rows += rows.features.rows;
    append_values(all_.numbers, rows.features.numbers);
    append_values(all_.codes, rows.features.codes);
    append_values(labels_, rows.labels);
  }

  void finish() override {
    const auto count = static_cast<std::int64_t>(all_.rows);
    preprocessing::OneHotRows one_hot;
    std::vector<SafetensorsEntry> entries;
    if (layout_ == CategoryLayout::one_hot) {
      one_hot = one_hot_rows(all_, pipeline_.cardinalities());
      entries.push_back(
          entry("features", {count, static_cast<std::int64_t>(one_hot.width)}, one_hot.values));
    } else {
      entries.push_back(
          entry("numbers", {count, static_cast<std::int64_t>(all_.number_count)}, all_.numbers));
      entries.push_back(
          entry("codes", {count, static_cast<std::int64_t>(all_.category_count)}, all_.codes));
    }
    if (!labels_.empty()) entries.push_back(entry("labels", {count}, labels_));
    write_safetensors(
        output_, entries,
        {{"names", nlohmann::json(names_).dump()}, {"pipeline", pipeline_.to_json().dump()}});
  }

 private:
  const Pipeline& pipeline_;
  CategoryLayout layout_;
  AtomicFile& output_;
  std::vector<std::string> names_;
  EncodedRows all_;
  std::vector<float> labels_;
};

}  // namespace

std::unique_ptr<TableWriter> csv_table_writer(const Pipeline& pipeline, std::string id_column,
                                              CategoryLayout layout,
                                              std::function<void(std::string_view)> write) {
  return std::make_unique<CsvTableWriter>(pipeline, std::move(id_column), layout, std::move(write));
}

std::unique_ptr<TableWriter> tensor_table_writer(const Pipeline& pipeline, CategoryLayout layout,
                                                 AtomicFile& output) {
  return std::make_unique<TensorTableWriter>(pipeline, layout, output);
}

}  // namespace ebb::churn
