// Pipeline::transform: a table's rows as model inputs, and what was odd about them.
#include <algorithm>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {
namespace {

[[noreturn]] void fail_missing(const std::string& source, const std::string& name,
                               std::span<const std::string> header) {
  fail<DataError>("{}: column \"{}\" is missing, which the model was trained on.{}", source, name,
                  suggest_names(name, header));
}

const Column* find_input(const Table& table, const std::string& name, AbsentColumn absent) {
  const Column* column = table.find(name);
  if (column == nullptr && absent == AbsentColumn::error) {
    fail_missing(table.source(), name, table.names());
  }
  return column;
}

void count_number(const NumberFeature& feature, double value, ColumnDrift& drift) {
  drift.lowest = drift.values == 0 ? value : std::min(drift.lowest, value);
  drift.highest = drift.values == 0 ? value : std::max(drift.highest, value);
  ++drift.values;
  drift.sum += value;
  ++drift.counts[bucket_of(feature.statistics.edges, value)];
  if (value < feature.statistics.minimum || value > feature.statistics.maximum) ++drift.outside;
}

/// Writes column `position` of `out`, and its indicator to column `indicator` if it has one.
void transform_number(const NumberFeature& feature, const std::vector<double>& values,
                      std::size_t position, std::size_t indicator, EncodedRows& out,
                      ColumnDrift& drift) {
  const float filled = to_float(feature.scaler.apply(feature.fill_value));
  for (std::size_t row = 0; row < out.rows; ++row) {
    const bool is_missing = std::isnan(values[row]);
    float* features = &out.numbers[row * out.number_count];
    features[position] = is_missing ? filled : to_float(feature.scaler.apply(values[row]));
    if (feature.has_indicator) features[indicator] = is_missing ? 1.0F : 0.0F;
    if (is_missing) {
      ++drift.missing;
    } else {
      count_number(feature, values[row], drift);
    }
  }
}

void transform_category(const CategoryFeature& feature, const Column& column, std::size_t position,
                        EncodedRows& out, ColumnDrift& drift) {
  const std::vector<std::int32_t> codes = feature.encoder.encode(column);
  for (std::size_t row = 0; row < out.rows; ++row) {
    const std::int32_t code = codes[row];
    out.codes[row * out.category_count + position] =
        code == kEncodedMissing ? feature.missing_code : code;
    ++drift.counts[static_cast<std::size_t>(code)];
    if (code == kEncodedMissing) ++drift.missing;
    if (code == kEncodedUnknown && drift.unseen++ == 0)
      drift.unseen_example = shortened(column.text(row));
  }
}

void start_report(const Pipeline& pipeline, DriftReport& report) {
  const std::size_t columns = pipeline.numbers().size() + pipeline.categories().size();
  if (report.columns.size() == columns) return;
  if (!report.columns.empty()) fail("transform: the drift report is another pipeline's");
  report.columns.resize(columns);
  for (std::size_t i = 0; i < pipeline.numbers().size(); ++i) {
    report.columns[i].name = pipeline.numbers()[i].name;
    report.columns[i].counts.assign(pipeline.numbers()[i].statistics.counts.size(), 0);
  }
  for (std::size_t i = 0; i < pipeline.categories().size(); ++i) {
    ColumnDrift& drift = report.columns[pipeline.numbers().size() + i];
    drift.name = pipeline.categories()[i].name;
    drift.counts.assign(pipeline.categories()[i].counts.size(), 0);
  }
}

/// The column's values in the spelling of the feature's levels.
Column category_texts(const CategoryFeature& feature, const Column& column, const Table& table) {
  if (!feature.holds_numbers) return as_text(column);
  return as_text(number_column(column.name, as_numbers(column, table)));
}

Column missing_texts(std::size_t rows) {
  Column column;
  column.kind = ColumnKind::category;
  column.codes.assign(rows, kMissingCode);
  return column;
}

}  // namespace

EncodedRows Pipeline::transform(const Table& table, DriftReport* report) const {
  DriftReport unused;
  DriftReport& drift = report != nullptr ? *report : unused;
  start_report(*this, drift);
  drift.rows += table.rows();

  EncodedRows out;
  out.rows = table.rows();
  out.number_count = number_names().size();
  out.category_count = categories_.size();
  out.numbers.resize(out.rows * out.number_count);
  out.codes.resize(out.rows * out.category_count);
  std::vector<std::size_t> indicators(numbers_.size());
  std::size_t next_indicator = numbers_.size();
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (numbers_[i].has_indicator) indicators[i] = next_indicator++;
  }

  parallel_for(numbers_.size(), out.rows, [&](std::size_t i) {
    const Column* column = find_input(table, numbers_[i].name, absent_columns_);
    drift.columns[i].is_absent = column == nullptr;
    const std::vector<double> values =
        column != nullptr ? as_numbers(*column, table)
                          : std::vector<double>(out.rows, std::numeric_limits<double>::quiet_NaN());
    transform_number(numbers_[i], values, i, indicators[i], out, drift.columns[i]);
  });
  parallel_for(categories_.size(), out.rows, [&](std::size_t i) {
    const Column* column = find_input(table, categories_[i].name, absent_columns_);
    ColumnDrift& counts = drift.columns[numbers_.size() + i];
    counts.is_absent = column == nullptr;
    transform_category(categories_[i],
                       column != nullptr ? category_texts(categories_[i], *column, table)
                                         : missing_texts(out.rows),
                       i, out, counts);
  });
  return out;
}

void Pipeline::require_columns(std::span<const std::string> header, const std::string& source,
                               std::span<const std::string> more) const {
  const auto require = [&](const std::string& name) {
    if (std::find(header.begin(), header.end(), name) == header.end()) {
      fail_missing(source, name, header);
    }
  };
  for (const std::string& name : more) require(name);
  if (absent_columns_ == AbsentColumn::impute) return;
  for (const NumberFeature& feature : numbers_) require(feature.name);
  for (const CategoryFeature& feature : categories_) require(feature.name);
}

CsvOptions Pipeline::schema_for_reading(std::span<const std::string> texts) const {
  CsvOptions options;
  options.undeclared = UndeclaredColumns::ignore;
  options.require_declared = false;
  options.missing_tokens = missing_tokens_;
  for (const NumberFeature& feature : numbers_) {
    options.columns.push_back({feature.name, DeclaredKind::number});
  }
  for (const CategoryFeature& feature : categories_) {
    options.columns.push_back(
        {feature.name, feature.holds_numbers ? DeclaredKind::number : DeclaredKind::category});
  }
  for (const std::string& name : texts) {
    const bool is_declared = std::any_of(options.columns.begin(), options.columns.end(),
                                         [&](const auto& column) { return column.name == name; });
    if (!is_declared) options.columns.push_back({name, DeclaredKind::identifier});
  }
  return options;
}

std::vector<std::string> Pipeline::number_names() const {
  std::vector<std::string> names;
  for (const NumberFeature& feature : numbers_) names.push_back(feature.name);
  for (const NumberFeature& feature : numbers_) {
    if (feature.has_indicator) names.push_back(feature.name + " is missing");
  }
  return names;
}

std::vector<std::string> Pipeline::category_names() const {
  std::vector<std::string> names;
  for (const CategoryFeature& feature : categories_) names.push_back(feature.name);
  return names;
}

std::vector<std::int32_t> Pipeline::cardinalities() const {
  std::vector<std::int32_t> result;
  for (const CategoryFeature& feature : categories_)
    result.push_back(feature.encoder.cardinality());
  return result;
}

std::vector<std::vector<double>> Pipeline::bin_edges() const {
  std::vector<std::vector<double>> edges;
  for (const NumberFeature& feature : numbers_) edges.push_back(feature.bin_edges);
  for (const NumberFeature& feature : numbers_) {
    if (feature.has_indicator) edges.push_back({0.0, 1.0});
  }
  return edges;
}

}  // namespace ebb::preprocessing
