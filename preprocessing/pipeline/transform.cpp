// Pipeline::encode: a table's rows as model inputs, on the CPU (encode_on_device.cpp: on a GPU).
//
// Columns first become the values that encoding reads, column by column; then rows are written.
#include <span>
#include <type_traits>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/drift_columns.h"
#include "preprocessing/pipeline/encode_rows.h"
#include "preprocessing/pipeline/encoded_columns.h"
#include "preprocessing/pipeline/find_column.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {
namespace {

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
    category.owned = column == nullptr
                         ? missing_column(feature.name, ColumnKind::category, table.rows())
                         : in_spelling_of(feature, *column, table);
  }
  for (const std::string& level : category.column().levels)
    category.code_of_level.push_back(feature.encoder.code(level));
  return category;
}

/// The columns of the features, as encoding reads them.
struct FeatureColumns {
  std::vector<EncodedNumber> numbers;
  std::vector<EncodedCategory> categories;
};

FeatureColumns columns_of(const Pipeline& pipeline, const Table& table, AbsentColumn absent) {
  const std::vector<NumberFeature>& numbers = pipeline.numbers();
  const std::vector<CategoryFeature>& categories = pipeline.categories();
  FeatureColumns columns{std::vector<EncodedNumber>(numbers.size()),
                         std::vector<EncodedCategory>(categories.size())};
  parallel_for(numbers.size() + categories.size(), table.rows(), [&](std::size_t i) {
    if (i < numbers.size()) {
      const Column* column = find_input(table, numbers[i].name, absent);
      columns.numbers[i] = number_of(numbers[i], column, table);
      return;
    }
    const CategoryFeature& feature = categories[i - numbers.size()];
    columns.categories[i - numbers.size()] =
        category_of(feature, find_input(table, feature.name, absent), table);
  });
  return columns;
}

}  // namespace

EncodedRows Pipeline::encode(const Table& table, DriftReport* report) const {
  const FeatureColumns columns = columns_of(*this, table, absent_columns_);
  FeatureValues values;
  values.rows = table.rows();
  for (const EncodedNumber& number : columns.numbers)
    values.numbers.push_back(number.values.data());
  for (std::size_t i = 0; i < columns.categories.size(); ++i) {
    const EncodedCategory& category = columns.categories[i];
    values.categories.push_back(
        {category.column().codes.data(), category.code_of_level, categories_[i].missing_code});
  }
  Context context;
  EncodedRows out = encode_rows(context, *this, values);
  if (report == nullptr) return out;
  std::vector<DriftNumber> numbers(columns.numbers.size());
  parallel_for(numbers.size(), out.rows, [&](std::size_t i) {
    numbers[i] = drift_number(columns.numbers[i].values, columns.numbers[i].is_absent);
  });
  std::vector<DriftCategory> categories;
  for (const EncodedCategory& category : columns.categories)
    categories.push_back(drift_category(category.column(), category.is_absent));
  count_drift(context, *this, numbers, categories, out.rows, *report);
  return out;
}

EncodedRows to_host(EncodedRows rows) {
  if (!rows.device().is_cuda()) return rows;
  const auto move = [](Tensor& from, auto& to) {
    using T = typename std::remove_reference_t<decltype(to)>::value_type;
    const Tensor on_host = from.to(Device());
    const std::span<const T> values = on_host.values<T>();
    to.assign(values.begin(), values.end());
    from = Tensor();
  };
  move(rows.device_numbers, rows.numbers);
  move(rows.device_codes, rows.codes);
  return rows;
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
