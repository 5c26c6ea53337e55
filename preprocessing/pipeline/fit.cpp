// Pipeline::fit_features: decides which columns are features and fits each of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <variant>

#include "kernels/common/error.h"
#include "preprocessing/columns/count_places.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/inference.h"

namespace ebb::preprocessing {
namespace {

using Fitted = std::variant<std::monostate, NumberFeature, CategoryFeature, DroppedColumn>;
using Reason = DroppedColumn::Reason;

/// The column that options in `setting` are for.
const Column& column_with_options(const Table& table, const PipelineConfig& config,
                                  std::string_view setting, const std::string& name) {
  if (const Column* column = table.find(name)) return *column;
  fail<DataError>("{}: there is no column \"{}\"{}.{}", setting, name,
                  config.steps.empty() ? "" : " after the steps",
                  suggest_names(name, table.names()));
}

void check_config(const Table& table, const PipelineConfig& config) {
  if (config.quantiles < 2)
    fail<DataError>("quantiles is {}: expected at least 2", config.quantiles);
  if (config.bins < 1) fail<DataError>("bins is {}: expected at least 1", config.bins);
  if (!std::isfinite(config.numbers.constant)) {
    fail<DataError>("the constant fill value for numbers is not finite");
  }
  if (!config.target.empty()) static_cast<void>(table.column(config.target));
  for (const std::string& name : config.drop_columns) static_cast<void>(table.column(name));
  for (const std::string& name : config.number_categories) {
    if (!table.column(name).is_number()) {
      fail<DataError>("column \"{}\" is no number column that could become a category", name);
    }
  }
  for (const auto& [name, options] : config.number_columns) {
    if (const Column& column = column_with_options(table, config, "number_columns", name);
        column.kind == ColumnKind::category || contains(config.number_categories, name)) {
      fail<DataError>(
          "column \"{}\" is a category, and has options for numbers: declare it a number "
          "or take them out",
          name);
    }
    if (!std::isfinite(options.constant)) {
      fail<DataError>("column \"{}\": the constant fill value is not finite", name);
    }
  }
  for (const auto& [name, options] : config.category_columns) {
    const Column& column = column_with_options(table, config, "category_columns", name);
    if (column.is_number() && !contains(config.number_categories, name)) {
      fail<DataError>(
          "column \"{}\" is a number, and has options for categories: declare it a "
          "category or take them out",
          name);
    }
  }
}

template <class Options>
const Options& options_for(const std::map<std::string, Options>& overrides, const std::string& name,
                           const Options& general) {
  const auto found = overrides.find(name);
  return found == overrides.end() ? general : found->second;
}

/// Why a column cannot be a feature whatever its options, if so.
std::optional<Reason> unusable(const Column& column) {
  if (column.kind == ColumnKind::identifier) return Reason::identifier;
  // What follows has numbers or codes.
  std::optional<std::size_t> first;
  bool has_missing = false;
  bool varies = false;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) {
      has_missing = true;
    } else if (!first) {
      first = row;
    } else if (column.is_number() ? column.numbers[row] != column.numbers[*first]
                                  : column.codes[row] != column.codes[*first]) {
      varies = true;
      break;
    }
  }
  if (!first) return Reason::all_missing;
  // A number that is constant where present carries only its absence; a category tells both.
  if (!varies && (column.is_number() || !has_missing)) return Reason::constant;
  return std::nullopt;
}

std::optional<DroppedColumn> left_out(const Column& column, const PipelineConfig& config) {
  const std::optional<Reason> reason =
      contains(config.drop_columns, column.name) ? Reason::requested : unusable(column);
  if (!reason) return std::nullopt;
  return DroppedColumn{column.name, *reason};
}

[[noreturn]] void fail_without_features(const std::string& source,
                                        const std::vector<DroppedColumn>& dropped,
                                        const std::vector<StepDeclaration>& steps) {
  // What steps took out is not among the dropped.
  std::vector<std::string> kinds;
  for (const StepDeclaration& step : steps) kinds.push_back(step.kind);
  std::string reasons = kinds.empty() ? "" : " after the steps " + list_names(kinds);
  if (dropped.empty()) reasons += "; there is none but the target";
  for (std::size_t i = 0; i < std::min<std::size_t>(8, dropped.size()); ++i) {
    reasons += fmt::format("; {}", describe(dropped[i]));
  }
  fail<DataError>("{}: no column is left to predict from{}", source, reasons);
}

bool has_two_values(const Column& column) {
  std::array<double, 2> seen{};
  std::size_t count = 0;
  for (const double value : column.numbers) {
    if (std::isnan(value) ||
        std::find(seen.begin(), seen.begin() + count, value) != seen.begin() + count) {
      continue;
    }
    if (count == seen.size()) return false;
    seen[count++] = value;
  }
  return count == seen.size();
}

/// Makes number columns of two values categories, if the config wants that.
void add_two_valued(const Table& table, PipelineConfig& config) {
  if (!config.two_values_as_category) return;
  for (const Column& column : table.columns()) {
    const bool is_called_number = config.number_columns.contains(column.name) ||
                                  contains(config.declared_numbers, column.name);
    if (column.is_number() && !is_called_number && has_two_values(column) &&
        !contains(config.number_categories, column.name)) {
      config.number_categories.push_back(column.name);
    }
  }
}

bool becomes_number(const Column& column, const PipelineConfig& config) {
  return column.is_number() && !contains(config.number_categories, column.name);
}

/// What a GPU found in a column's training values.
struct ColumnFacts {
  std::optional<NumberFacts> number;
  std::optional<std::vector<std::size_t>> level_counts;
};

/// How often each level occurs in the columns of texts at `places`.
void count_levels(DeviceTable& table, const std::vector<std::size_t>& places,
                  const std::vector<Column>& columns, std::vector<ColumnFacts>& facts) {
  std::vector<CountedColumn> counted;
  for (const std::size_t i : places) {
    const Tensor& codes = table.column(columns[i].name).values;
    counted.push_back({.holds_codes = true,
                       .codes = codes.view().as<const std::int32_t>(),
                       .levels = columns[i].levels.size(),
                       .edges = {}});
  }
  std::vector<std::vector<std::size_t>> counts =
      count_places(table.context(), {static_cast<std::int64_t>(table.rows()), counted});
  for (std::size_t k = 0; k < places.size(); ++k) {
    counts[k].erase(counts[k].begin());  // of missing values
    facts[places[k]].level_counts = std::move(counts[k]);
  }
}

/// The facts of the columns that become features, found on a GPU; none on the CPU, where each is
/// looked at as it is fitted.
std::vector<ColumnFacts> facts_on(DeviceTable* device, const Table& table,
                                  const PipelineConfig& config) {
  std::vector<ColumnFacts> facts(table.columns().size());
  if (device == nullptr) return facts;
  std::vector<std::size_t> texts;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Column& column = table.columns()[i];
    if (column.name == config.target || left_out(column, config)) continue;
    if (becomes_number(column, config)) {
      const NumberFill fill = options_for(config.number_columns, column.name, config.numbers).fill;
      facts[i].number = facts_of(device->context(), device->column(column.name), fill);
    } else if (device->holds_texts(column.name)) {
      texts.push_back(i);
    }
  }
  count_levels(*device, texts, table.columns(), facts);
  return facts;
}

Fitted fit_column(const Column& column, const ColumnFacts& facts, const PipelineConfig& config) {
  if (column.name == config.target) return {};
  // What stays is no identifier, which could hold integers in place of codes.
  if (auto dropped = left_out(column, config)) return *std::move(dropped);
  if (becomes_number(column, config)) {
    const NumberOptions& options = options_for(config.number_columns, column.name, config.numbers);
    return fit_number(column, facts.number ? *facts.number : facts_of(column, options.fill),
                      options, config.quantiles, config.bins);
  }
  const CategoryOptions& options =
      options_for(config.category_columns, column.name, config.categories);
  CategoryFeature feature = facts.level_counts ? fit_category(column, *facts.level_counts, options)
                                               : fit_category(column, options);
  if (feature.encoder.levels().empty()) {
    return DroppedColumn{
        column.name, are_comma_decimals(column.levels) ? Reason::decimal_comma : Reason::too_rare};
  }
  return feature;
}

}  // namespace

Pipeline Pipeline::fit_features(const Table& training_rows, const PipelineConfig& given,
                                DeviceTable* on_device) {
  PipelineConfig config = given;
  add_two_valued(training_rows, config);
  check_config(training_rows, config);
  const std::vector<ColumnFacts> facts = facts_on(on_device, training_rows, config);
  std::vector<Fitted> fitted(training_rows.columns().size());
  parallel_for(fitted.size(), training_rows.rows(), [&](std::size_t i) {
    fitted[i] = fit_column(training_rows.columns()[i], facts[i], config);
  });
  Pipeline pipeline;
  pipeline.target_ = config.target;
  pipeline.classes_ = config.classes;
  pipeline.missing_tokens_ = config.missing_tokens;
  pipeline.absent_columns_ = config.absent_columns;
  pipeline.training_rows_ = training_rows.rows();
  for (Fitted& column : fitted) {
    if (auto* number = std::get_if<NumberFeature>(&column)) {
      pipeline.numbers_.push_back(std::move(*number));
    } else if (auto* category = std::get_if<CategoryFeature>(&column)) {
      pipeline.categories_.push_back(std::move(*category));
    } else if (auto* dropped = std::get_if<DroppedColumn>(&column)) {
      pipeline.dropped_.push_back(std::move(*dropped));
    }
  }
  if (pipeline.numbers_.empty() && pipeline.categories_.empty()) {
    fail_without_features(training_rows.source(), pipeline.dropped_, config.steps);
  }
  return pipeline;
}

void require_features(const Table& table, const PipelineConfig& config) {
  std::vector<DroppedColumn> dropped;
  for (const Column& column : table.columns()) {
    if (column.name == config.target) continue;
    std::optional<DroppedColumn> reason = left_out(column, config);
    if (!reason) return;
    dropped.push_back(*std::move(reason));
  }
  fail_without_features(table.source(), dropped, {});
}

}  // namespace ebb::preprocessing
