// Pipeline::encode: a table's rows as model inputs.
//
// Columns first become the values that encoding reads, column by column, and travel to the device;
// there rows are written.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/encode_levels.h"
#include "preprocessing/pipeline/encode_numbers.h"
#include "preprocessing/pipeline/encoded_columns.h"
#include "preprocessing/pipeline/find_column.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/device_column.h"

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

/// What encode_numbers() and encode_levels() take, and the memory of the device that it lies in.
struct NumberInputs {
  std::vector<NumberInput> features;
  std::vector<Tensor> memory;
};
struct LevelInputs {
  std::vector<LevelInput<std::int32_t>> columns;
  std::vector<Tensor> memory;
};

/// `values` where `device` reads them: themselves, or a copy that `memory` keeps.
template <class T>
const T* values_on(Device device, std::span<const T> values, std::vector<Tensor>& memory) {
  if (!device.is_cuda()) return values.data();
  return memory.emplace_back(upload_values(values, device)).view().template as<const T>();
}

NumberInputs number_inputs(const Pipeline& pipeline, const std::vector<EncodedNumber>& numbers,
                           Device device) {
  NumberInputs inputs;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const NumberFeature& feature = pipeline.numbers()[i];
    inputs.features.push_back(
        {values_on(device, numbers[i].values, inputs.memory), feature.scaler.view(),
         to_float(feature.scaler.apply(feature.fill_value)), feature.has_indicator});
  }
  return inputs;
}

LevelInputs level_inputs(const Pipeline& pipeline, const std::vector<EncodedCategory>& categories,
                         Device device) {
  LevelInputs inputs;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const std::span<const std::int32_t> codes = categories[i].column().codes;
    inputs.columns.push_back({values_on(device, codes, inputs.memory), categories[i].code_of_level,
                              pipeline.categories()[i].missing_code});
  }
  return inputs;
}

/// Fills in what `out`, whose counts are set, holds of the features.
void encode_rows(Context& context, const NumberInputs& numbers, const LevelInputs& levels,
                 EncodedRows& out) {
  const auto rows = static_cast<std::int64_t>(out.rows);
  const Shape number_shape{rows, static_cast<std::int64_t>(out.number_count)};
  const Shape code_shape{rows, static_cast<std::int64_t>(out.category_count)};
  View number_view;
  View code_view;
  if (context.device().is_cuda()) {
    out.device_numbers = Tensor::empty(number_shape, DType::f32, context.device());
    out.device_codes = Tensor::empty(code_shape, DType::i32, context.device());
    number_view = out.device_numbers.view();
    code_view = out.device_codes.view();
  } else {
    out.numbers.resize(out.rows * out.number_count);
    out.codes.resize(out.rows * out.category_count);
    number_view = View(out.numbers.data(), DType::f32, number_shape);
    code_view = View(out.codes.data(), DType::i32, code_shape);
  }
  encode_numbers(context, {rows, numbers.features, number_view});
  encode_levels<std::int32_t>(context, {rows, levels.columns, code_view});
}

}  // namespace

EncodedRows Pipeline::encode(const Table& table, DriftReport* report, Device device) const {
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
  Context context(device);
  encode_rows(context, number_inputs(*this, numbers, device),
              level_inputs(*this, categories, device), out);
  if (report != nullptr) count_drift(*this, numbers, categories, out.rows, *report);
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
