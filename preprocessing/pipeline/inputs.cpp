// What a pipeline takes: which columns a table must have, and its way through the declared steps.
#include <algorithm>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/find_column.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/labels.h"

namespace ebb::preprocessing {
namespace {

std::vector<float> labels_of(const Table& table, const PipelineConfig& config) {
  if (config.target.empty()) return {};
  return parse_labels(table, config.target, config.classes).values;
}

/// The columns that no step may touch.
std::vector<std::string> reserved_columns(const PipelineConfig& config) {
  std::vector<std::string> reserved = config.drop_columns;
  if (!config.target.empty()) reserved.push_back(config.target);
  return reserved;
}

std::vector<ColumnDeclaration> declare(const Table& table) {
  std::vector<ColumnDeclaration> declared;
  for (const Column& column : table.columns()) {
    declared.push_back(
        {column.name, column.is_number() ? DeclaredKind::number : DeclaredKind::category});
  }
  return declared;
}

}  // namespace

void fail_missing(const std::string& source, const std::string& name,
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

Column missing_column(const std::string& name, ColumnKind kind, std::size_t rows) {
  Column column;
  column.name = name;
  column.kind = kind;
  if (kind == ColumnKind::number) {
    column.numbers.assign(rows, std::numeric_limits<double>::quiet_NaN());
  } else {
    column.codes.assign(rows, kMissingCode);
  }
  return column;
}

Pipeline Pipeline::fit_in_place(Table& table, const PipelineConfig& config) {
  if (config.steps.empty()) return fit_features(table, config);
  const std::vector<ColumnDeclaration> raw = declare(table);
  for (const std::string& name : config.drop_columns) static_cast<void>(table.column(name));
  const std::vector<float> labels = labels_of(table, config);
  const std::vector<std::string> reserved = reserved_columns(config);
  StepSequence steps = StepSequence::fit(
      config.steps, table, {.labels = labels, .reserved = reserved, .seed = config.seed});
  Pipeline pipeline = fit_features(table, config);
  std::vector<std::string> features = pipeline.category_names();
  for (const NumberFeature& feature : pipeline.numbers_) features.push_back(feature.name);
  const std::vector<std::string> needed = steps.needs(std::move(features));
  for (const ColumnDeclaration& column : raw) {
    if (contains(needed, column.name)) pipeline.step_inputs_.push_back(column);
  }
  pipeline.steps_ = std::move(steps);
  return pipeline;
}

Pipeline Pipeline::fit(const Table& training_rows, const PipelineConfig& config) {
  if (config.steps.empty()) return fit_features(training_rows, config);
  Table table = training_rows;
  return fit_in_place(table, config);
}

FittedRows Pipeline::fit_transform(Table training_rows, const PipelineConfig& config) {
  FittedRows fitted;
  fitted.pipeline = fit_in_place(training_rows, config);
  fitted.rows = fitted.pipeline.encode(training_rows, nullptr);
  return fitted;
}

EncodedRows Pipeline::transform(const Table& table, DriftReport* report) const {
  if (steps_.empty()) return encode(table, report);
  Table columns = select_inputs(table);
  steps_.apply(columns);
  return encode(columns, report);
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

std::vector<ColumnDeclaration> Pipeline::inputs() const {
  if (!steps_.empty()) return step_inputs_;
  std::vector<ColumnDeclaration> inputs;
  for (const NumberFeature& feature : numbers_)
    inputs.push_back({feature.name, DeclaredKind::number});
  for (const CategoryFeature& feature : categories_) {
    inputs.push_back(
        {feature.name, feature.holds_numbers ? DeclaredKind::number : DeclaredKind::category});
  }
  return inputs;
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
  for (const ColumnDeclaration& input : inputs()) require(input.name);
}

CsvOptions Pipeline::schema_for_reading(std::span<const std::string> texts) const {
  CsvOptions options;
  options.undeclared = UndeclaredColumns::ignore;
  options.require_declared = false;
  options.text_among_numbers = TextAmongNumbers::refuse_fitted;
  options.missing_tokens = missing_tokens_;
  options.columns = inputs();
  for (const std::string& name : texts) {
    const bool is_declared = std::any_of(options.columns.begin(), options.columns.end(),
                                         [&](const auto& column) { return column.name == name; });
    if (!is_declared) options.columns.push_back({name, DeclaredKind::identifier});
  }
  return options;
}

}  // namespace ebb::preprocessing
