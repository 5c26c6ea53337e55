// Pipeline::encode of columns on a device: what is there already is read where it lies, and what is
// something else than in training is converted on the host first.
#include <deque>

#include "preprocessing/pipeline/drift_columns.h"
#include "preprocessing/pipeline/encode_rows.h"
#include "preprocessing/pipeline/find_column.h"

namespace ebb::preprocessing {
namespace {

/// Whether the table has the column; throws as find_input.
bool has_input(const DeviceTable& table, const std::string& name, AbsentColumn absent) {
  if (table.has(name)) return true;
  if (absent == AbsentColumn::error) fail_missing(table.origin().source(), name, table.names());
  return false;
}

/// The features of a table, and what they are read from.
class DeviceFeatures {
 public:
  DeviceFeatures(DeviceTable& table, AbsentColumn absent) : table_(table), absent_(absent) {
    values_.rows = table.rows();
  }

  void add(const NumberFeature& feature) {
    const DeviceColumn& column = number_of(feature);
    numbers_.push_back(&column);
    values_.numbers.push_back(column.values.view().as<const double>());
  }

  void add(const CategoryFeature& feature) {
    const DeviceColumn& column = category_of(feature);
    categories_.push_back(&column);
    std::vector<std::int32_t>& code_of_level = code_of_level_.emplace_back();
    for (const std::string& level : column.levels)
      code_of_level.push_back(feature.encoder.code(level));
    values_.categories.push_back(
        {column.values.view().as<const std::int32_t>(), code_of_level, feature.missing_code});
  }

  [[nodiscard]] const FeatureValues& values() const { return values_; }
  [[nodiscard]] std::vector<DriftNumber> drift_numbers() const {
    return preprocessing::drift_numbers(
        table_.context(), numbers_,
        [&](const DeviceColumn& column) { return !table_.has(column.name); });
  }
  [[nodiscard]] std::vector<DriftCategory> drift_categories() const {
    std::vector<DriftCategory> categories;
    for (const DeviceColumn* column : categories_)
      categories.push_back(drift_category(*column, !table_.has(column->name)));
    return categories;
  }

 private:
  const DeviceColumn& number_of(const NumberFeature& feature) {
    if (!has_input(table_, feature.name, absent_))
      return keep(missing_column(feature.name, ColumnKind::number, table_.rows()));
    if (table_.kind(feature.name) == ColumnKind::number) return table_.column(feature.name);
    const Column& column = table_.on_host(feature.name);
    return keep(number_column(feature.name, as_numbers(column, table_.origin())));
  }

  const DeviceColumn& category_of(const CategoryFeature& feature) {
    if (!has_input(table_, feature.name, absent_))
      return keep(missing_column(feature.name, ColumnKind::category, table_.rows()));
    if (table_.holds_texts(feature.name) && !feature.holds_numbers)
      return table_.column(feature.name);
    return keep(in_spelling_of(feature, table_.on_host(feature.name), table_.origin()));
  }

  /// Brings a column made for the occasion to the device.
  const DeviceColumn& keep(const Column& column) {
    return made_.emplace_back(upload(column, table_.device()));
  }

  DeviceTable& table_;
  AbsentColumn absent_;
  FeatureValues values_;
  std::vector<const DeviceColumn*> numbers_;
  std::vector<const DeviceColumn*> categories_;
  std::deque<DeviceColumn> made_;
  std::deque<std::vector<std::int32_t>> code_of_level_;
};

}  // namespace

EncodedRows Pipeline::encode(DeviceTable& table, DriftReport* report) const {
  DeviceFeatures features(table, absent_columns_);
  for (const NumberFeature& feature : numbers_) features.add(feature);
  for (const CategoryFeature& feature : categories_) features.add(feature);
  EncodedRows rows = encode_rows(table.context(), *this, features.values());
  if (report != nullptr) {
    count_drift(table.context(), *this, features.drift_numbers(), features.drift_categories(),
                rows.rows, *report);
  }
  return rows;
}

}  // namespace ebb::preprocessing
