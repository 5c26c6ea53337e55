#include "apps/churn/data/column_description.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;

constexpr std::size_t kLevelsShown = 3;

template <class Features>
bool has_feature(const Features& features, const std::string& name) {
  return std::any_of(features.begin(), features.end(),
                     [&](const auto& feature) { return feature.name == name; });
}

ColumnRole role_of(const std::string& name, const RunConfig& config,
                   const preprocessing::Pipeline& pipeline) {
  if (name == config.data.target) return ColumnRole::target;
  if (name == config.data.id_column) return ColumnRole::id;
  if (name == config.data.weight_column) return ColumnRole::weight;
  if (name == config.split.column) return ColumnRole::split;
  if (has_feature(pipeline.numbers(), name)) return ColumnRole::number_feature;
  if (has_feature(pipeline.categories(), name)) return ColumnRole::category_feature;
  if (name == config.split.group || name == config.split.time) return ColumnRole::split;
  const bool is_input =
      std::ranges::any_of(pipeline.inputs(), [&](const auto& input) { return input.name == name; });
  return is_input ? ColumnRole::step_input : ColumnRole::left_out;
}

/// As the levels of a text column, without a text for each integer.
std::string list_integers(const Column& column) {
  std::vector<std::string> first;
  for (std::size_t row = 0; row < column.size() && first.size() < kLevelsShown; ++row) {
    const std::string text = column.text(row);
    const bool is_known = std::find(first.begin(), first.end(), text) != first.end();
    if (!column.is_missing(row) && !is_known) first.push_back(text);
  }
  return preprocessing::list_first_names(first, preprocessing::count_distinct(column.integers));
}

std::string values_of(const Column& column) {
  if (column.has_integers()) return list_integers(column);
  if (!column.is_number()) return preprocessing::list_names(column.levels, kLevelsShown);
  double lowest = std::nan("");
  double highest = std::nan("");
  for (const double value : column.numbers) {
    lowest = std::fmin(lowest, value);  // fmin and fmax pass over NaN
    highest = std::fmax(highest, value);
  }
  if (std::isnan(lowest)) return {};
  return fmt::format("{} to {}", preprocessing::format_number(lowest),
                     preprocessing::format_number(highest));
}

}  // namespace

std::string_view to_string(ColumnRole role) {
  switch (role) {
    case ColumnRole::number_feature:
      return "number feature";
    case ColumnRole::category_feature:
      return "category feature";
    case ColumnRole::step_input:
      return "input of steps";
    case ColumnRole::target:
      return "target";
    case ColumnRole::id:
      return "id";
    case ColumnRole::weight:
      return "weight";
    case ColumnRole::split:
      return "split";
    case ColumnRole::left_out:
      return "left out";
  }
  return "unknown";
}

std::vector<ColumnDescription> describe_columns(const preprocessing::Table& table,
                                                const RunConfig& config,
                                                const preprocessing::Pipeline& pipeline) {
  std::vector<ColumnDescription> descriptions;
  for (const Column& column : table.columns()) {
    descriptions.push_back({column.name, column.kind, config.data.columns.contains(column.name),
                            role_of(column.name, config, pipeline), count_missing(column),
                            values_of(column)});
  }
  return descriptions;
}

}  // namespace ebb::churn
