// Pipeline::encode: a table's rows as model inputs.
//
// Columns first become the values that encoding reads, column by column; then rows are written, all
// columns of a range of rows at a time, so that threads do not write to each other's cache lines.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/encoded_columns.h"
#include "preprocessing/pipeline/find_column.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRowsPerRange = 4096;

/// Writes rows [begin, end) of column `position` of `out`, and of column `indicator` if there is
/// one.
void write_numbers(const NumberFeature& feature, std::span<const double> values,
                   std::size_t position, std::size_t indicator, std::size_t begin, std::size_t end,
                   EncodedRows& out) {
  const float filled = to_float(feature.scaler.apply(feature.fill_value));
  for (std::size_t row = begin; row < end; ++row) {
    const bool is_missing = std::isnan(values[row]);
    float* features = &out.numbers[row * out.number_count];
    features[position] = is_missing ? filled : to_float(feature.scaler.apply(values[row]));
    if (feature.has_indicator) features[indicator] = is_missing ? 1.0F : 0.0F;
  }
}

void write_codes(const CategoryFeature& feature, const EncodedCategory& category,
                 std::size_t position, std::size_t begin, std::size_t end, EncodedRows& out) {
  for (std::size_t row = begin; row < end; ++row) {
    const std::int32_t code = category.code(row);
    out.codes[row * out.category_count + position] =
        code == kEncodedMissing ? feature.missing_code : code;
  }
}

EncodedNumber number_of(const NumberFeature& feature, const Column* column, const Table& table) {
  EncodedNumber number;
  number.is_absent = column == nullptr;
  if (column != nullptr && column->is_number()) {
    number.values = column->numbers;
    return number;
  }
  number.owned = column != nullptr
                     ? as_numbers(*column, table)
                     : missing_column(feature.name, ColumnKind::number, table.rows()).numbers;
  number.values = number.owned;
  return number;
}

EncodedCategory category_of(const CategoryFeature& feature, const Column* column,
                            const Table& table) {
  EncodedCategory category;
  category.is_absent = column == nullptr;
  const bool holds_texts = column != nullptr && !column->is_number() && !column->has_integers();
  if (holds_texts && !feature.holds_numbers) {
    category.of_table = column;
  } else {
    // The values in the spelling of the feature's levels.
    category.owned =
        column == nullptr       ? missing_column(feature.name, ColumnKind::category, table.rows())
        : feature.holds_numbers ? as_text(number_column(column->name, as_numbers(*column, table)))
                                : as_text(*column);
  }
  for (const std::string& level : category.column().levels)
    category.code_of_level.push_back(feature.encoder.code(level));
  return category;
}

}  // namespace

EncodedRows Pipeline::encode(const Table& table, DriftReport* report) const {
  std::vector<EncodedNumber> numbers(numbers_.size());
  std::vector<EncodedCategory> categories(categories_.size());
  parallel_for(numbers.size() + categories.size(), table.rows(), [&](std::size_t i) {
    if (i < numbers.size()) {
      const NumberFeature& feature = numbers_[i];
      numbers[i] = number_of(feature, find_input(table, feature.name, absent_columns_), table);
      return;
    }
    const CategoryFeature& feature = categories_[i - numbers.size()];
    categories[i - numbers.size()] =
        category_of(feature, find_input(table, feature.name, absent_columns_), table);
  });

  EncodedRows out;
  out.rows = table.rows();
  out.number_count = number_names().size();
  out.category_count = categories_.size();
  out.numbers.resize(out.rows * out.number_count);
  out.codes.resize(out.rows * out.category_count);
  const std::size_t columns = out.number_count + out.category_count;
  parallel_ranges(out.rows, columns, kRowsPerRange, [&](std::size_t begin, std::size_t end) {
    std::size_t indicator = numbers_.size();
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      write_numbers(numbers_[i], numbers[i].values, i, indicator, begin, end, out);
      indicator += numbers_[i].has_indicator ? 1 : 0;
    }
    for (std::size_t i = 0; i < categories_.size(); ++i)
      write_codes(categories_[i], categories[i], i, begin, end, out);
  });
  if (report != nullptr) count_drift(*this, numbers, categories, out.rows, *report);
  return out;
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
