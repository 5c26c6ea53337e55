// What a pipeline takes: which columns a table must have.
#include <algorithm>
#include <limits>
#include <optional>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/find_column.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/split/group_split.h"
#include "preprocessing/steps/every_step.h"
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

/// Whether new rows have other values of the column than training rows: one that no step may touch,
/// such as that of customers, or an identifier.
bool has_new_values(const Column& column, std::span<const std::string> reserved) {
  return column.kind == ColumnKind::identifier || contains(reserved, column.name);
}

/// What columns hold, in parallel; `table`: the raw one, of which the steps leave something else.
/// Found for all before it is known which are needed, since the table would have to be kept.
InputStatistics input_statistics_of(const Table& table, std::span<const std::string> reserved) {
  std::vector<const Column*> numbers;
  std::vector<const Column*> categories;
  for (const Column& column : table.columns()) {
    if (!has_new_values(column, reserved))
      (column.is_number() ? numbers : categories).push_back(&column);
  }
  InputStatistics inputs;
  inputs.numbers.resize(numbers.size());
  inputs.categories.resize(categories.size());
  parallel_for(numbers.size() + categories.size(), table.rows(), [&](std::size_t i) {
    if (i < numbers.size()) {
      inputs.numbers[i] = {numbers[i]->name, number_statistics(*numbers[i])};
    } else {
      inputs.categories[i - numbers.size()] = fit_category(*categories[i - numbers.size()], {});
    }
  });
  return inputs;
}

/// Those of the columns that are needed.
InputStatistics only(InputStatistics inputs, std::span<const std::string> needed) {
  std::erase_if(inputs.numbers, [&](const auto& input) { return !contains(needed, input.name); });
  std::erase_if(inputs.categories,
                [&](const auto& input) { return !contains(needed, input.name); });
  return inputs;
}

/// Equal values of the column are a group, a missing one is a group of its own.
Groups groups_of(const Table& table, const std::string& name) {
  const Column& column = table.column(name);
  if (count_missing(column) == 0) return group_rows(table, name);
  Column text = as_text(column);
  for (std::int32_t& code : text.codes) {
    if (code != kMissingCode) continue;
    code = static_cast<std::int32_t>(text.levels.size());
    text.levels.emplace_back();
  }
  Table groups;
  groups.add(std::move(text));
  return group_rows(groups, name);
}

/// The config for the columns that the steps left of `raw` ones: numbers that a step made stay
/// numbers, and what it scaled is not scaled again.
PipelineConfig config_after(const StepSequence& steps, std::span<const ColumnDeclaration> raw,
                            const Table& table, PipelineConfig config) {
  const auto was_number = [&](const std::string& name) {
    return std::ranges::find(raw, ColumnDeclaration{name, DeclaredKind::number}) != raw.end();
  };
  for (const Column& column : table.columns()) {
    if (column.is_number() && !was_number(column.name))
      config.declared_numbers.push_back(column.name);
  }
  NumberOptions as_it_is = config.numbers;
  as_it_is.scaling = Scaling::none;
  for (const std::string& name : steps.scaled()) {
    const Column* column = table.find(name);
    if (column == nullptr || !column->is_number() || contains(config.number_categories, name))
      continue;
    config.declared_numbers.push_back(name);
    config.number_columns.emplace(name, as_it_is);
  }
  return config;
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

Pipeline Pipeline::fit_in_place(Table& table, const PipelineConfig& config, Device device,
                                std::optional<DeviceTable>& on_device) {
  // The columns of a table, on the device if that is a GPU.
  const auto bring = [&](const Table& columns, std::optional<DeviceTable>& memory) {
    return device.is_cuda() ? &memory.emplace(columns, device) : nullptr;
  };
  if (config.steps.empty()) return fit_features(table, config, bring(table, on_device));
  const std::vector<ColumnDeclaration> raw = declare(table);
  for (const std::string& name : config.drop_columns) static_cast<void>(table.column(name));
  const std::vector<float> labels = labels_of(table, config);
  const std::vector<std::string> reserved = reserved_columns(config);
  Groups groups;
  if (!config.group_column.empty()) groups = groups_of(table, config.group_column);
  InputStatistics statistics = input_statistics_of(table, reserved);
  // What new rows will be like, where the training rows get something else.
  std::optional<Table> as_new;
  if (std::ranges::any_of(config.steps, encodes_out_of_fold)) as_new = table;
  StepSequence steps =
      StepSequence::fit(config.steps, table,
                        {.labels = labels,
                         .reserved = reserved,
                         .missing_tokens = config.missing_tokens,
                         .groups = groups.count < groups.of_row.size() ? &groups : nullptr,
                         .importance = config.importance ? &config.importance : nullptr,
                         .seed = config.seed});
  if (as_new) steps.apply(*as_new);
  const Table& fitted = as_new ? *as_new : table;
  std::optional<DeviceTable> new_on_device;
  Pipeline pipeline = fit_features(fitted, config_after(steps, raw, fitted, config),
                                   bring(fitted, as_new ? new_on_device : on_device));
  std::vector<std::string> features = pipeline.category_names();
  for (const NumberFeature& feature : pipeline.numbers_) features.push_back(feature.name);
  const std::vector<std::string> needed = steps.needs(std::move(features));
  for (const ColumnDeclaration& column : raw) {
    if (contains(needed, column.name)) pipeline.step_inputs_.push_back(column);
  }
  pipeline.input_statistics_ = only(std::move(statistics), needed);
  pipeline.steps_ = std::move(steps);
  return pipeline;
}

Pipeline Pipeline::fit(const Table& training_rows, const PipelineConfig& config, Device device) {
  std::optional<DeviceTable> on_device;
  if (config.steps.empty()) {
    if (device.is_cuda()) on_device.emplace(training_rows, device);
    return fit_features(training_rows, config, on_device ? &*on_device : nullptr);
  }
  Table table = training_rows;
  return fit_in_place(table, config, device, on_device);
}

FittedRows Pipeline::fit_transform(Table training_rows, const PipelineConfig& config,
                                   Device device) {
  FittedRows fitted;
  std::optional<DeviceTable> on_device;
  fitted.pipeline = fit_in_place(training_rows, config, device, on_device);
  if (!device.is_cuda()) {
    fitted.rows = fitted.pipeline.encode(training_rows, nullptr);
    return fitted;
  }
  if (!on_device) on_device.emplace(training_rows, device);
  fitted.rows = fitted.pipeline.encode(*on_device, nullptr);
  return fitted;
}

std::vector<JudgedNumber> Pipeline::judged_numbers() const {
  std::vector<JudgedNumber> judged;
  if (!input_statistics_.empty()) {
    for (const auto& [name, statistics] : input_statistics_.numbers)
      judged.push_back({name, statistics});
  } else {
    for (const NumberFeature& feature : numbers_)
      judged.push_back({feature.name, feature.statistics});
  }
  return judged;
}

const std::vector<CategoryFeature>& Pipeline::judged_categories() const {
  return input_statistics_.empty() ? categories_ : input_statistics_.categories;
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
