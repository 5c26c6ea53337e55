// A table's way through the declared steps, on either device.
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/drift_columns.h"
#include "preprocessing/pipeline/find_column.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {

EncodedRows Pipeline::transform(const Table& table, DriftReport* report, Device device) const {
  if (device.is_cuda()) return transform_on(device, table, report);
  if (steps_.empty()) return encode(table, report);
  Table columns = select_inputs(table);
  const bool judges_inputs = report != nullptr && !input_statistics_.empty();
  if (judges_inputs) count_inputs(table, columns, *report);
  steps_.apply(columns);
  return encode(columns, judges_inputs ? nullptr : report);
}

EncodedRows Pipeline::transform_on(Device device, const Table& table, DriftReport* report) const {
  if (steps_.empty()) {
    DeviceTable columns(table, device);
    return encode(columns, report);
  }
  const Table selected = select_inputs(table);
  DeviceTable columns(selected, device);
  const bool judges_inputs = report != nullptr && !input_statistics_.empty();
  if (judges_inputs) count_inputs(table, columns, *report);
  steps_.apply(columns);
  return encode(columns, judges_inputs ? nullptr : report);
}

Table Pipeline::apply_steps(const Table& table) const {
  if (steps_.empty()) return table;
  Table columns = select_inputs(table);
  steps_.apply(columns);
  return columns;
}

void Pipeline::count_inputs(const Table& table, const Table& selected, DriftReport& report) const {
  std::vector<DriftNumber> numbers(input_statistics_.numbers.size());
  parallel_for(numbers.size(), table.rows(), [&](std::size_t i) {
    const std::string& name = input_statistics_.numbers[i].name;
    numbers[i] = drift_number(selected.numbers(name), table.find(name) == nullptr);
  });
  std::vector<DriftCategory> categories;
  for (const CategoryFeature& input : input_statistics_.categories) {
    const bool is_absent = table.find(input.name) == nullptr;
    categories.push_back(drift_category(selected.column(input.name), is_absent));
  }
  Context context;
  count_drift(context, *this, numbers, categories, table.rows(), report);
}

void Pipeline::count_inputs(const Table& table, DeviceTable& selected, DriftReport& report) const {
  std::vector<const DeviceColumn*> inputs;
  for (const StepInputNumber& input : input_statistics_.numbers)
    inputs.push_back(&selected.column(input.name));
  const std::vector<DriftNumber> numbers =
      drift_numbers(selected.context(), inputs,
                    [&](const DeviceColumn& column) { return table.find(column.name) == nullptr; });
  std::vector<DriftCategory> categories;
  for (const CategoryFeature& input : input_statistics_.categories) {
    categories.push_back(
        drift_category(selected.column(input.name), table.find(input.name) == nullptr));
  }
  count_drift(selected.context(), *this, numbers, categories, table.rows(), report);
}

Table Pipeline::select_inputs(const Table& table) const {
  std::vector<Column> columns(step_inputs_.size());
  parallel_for(columns.size(), table.rows(), [&](std::size_t i) {
    const auto& [name, kind] = step_inputs_[i];
    const Column* column = find_input(table, name, absent_columns_);
    const bool is_number = kind == DeclaredKind::number;
    if (column == nullptr) {
      columns[i] =
          missing_column(name, is_number ? ColumnKind::number : ColumnKind::category, table.rows());
    } else {
      columns[i] = is_number ? number_column(name, as_numbers(*column, table)) : as_text(*column);
    }
  });
  Table selected(table.source(), table.lines());
  for (Column& column : columns) selected.add(std::move(column));
  return selected;
}

}  // namespace ebb::preprocessing
