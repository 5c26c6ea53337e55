// fill: a value in place of missing ones.
#include <cmath>
#include <optional>

#include "preprocessing/cleaning/missing_values.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/encoding/category_encoding.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/each_column.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

struct Filled {
  static constexpr std::string_view kKind = "fill";

  std::string name;
  std::optional<double> number;  // else a category's text
  std::string text;
  bool has_indicator = false;
  std::size_t missing = 0;  // training values

  [[nodiscard]] std::string indicator_name() const { return name + " is missing"; }

  [[nodiscard]] std::vector<std::string> outputs() const {
    if (!has_indicator) return {name};
    return {name, indicator_name()};
  }

  [[nodiscard]] std::vector<Column> apply(Column column) const {
    require_type(column, number ? ColumnType::number : ColumnType::category);
    std::vector<Column> result(1);
    if (has_indicator) {
      std::vector<double> is_missing(column.size());
      for (std::size_t row = 0; row < column.size(); ++row)
        is_missing[row] = column.is_missing(row) ? 1.0 : 0.0;
      result.push_back(number_column(indicator_name(), std::move(is_missing)));
    }
    if (number) {
      for (double& value : column.numbers) value = std::isnan(value) ? *number : value;
    } else {
      fill_codes(column);
    }
    result.front() = std::move(column);
    return result;
  }

  [[nodiscard]] ColumnMap map(DeviceTable& table) const {
    require_type(table, name, number ? ColumnType::number : ColumnType::category);
    const std::string indicator = has_indicator ? indicator_name() : "";
    if (number) return NumberMap{{.missing = *number}, indicator};
    Column levels = column_of_levels(table.column(name));
    fill_codes(levels);
    const std::int32_t code_of_missing = levels.codes.back();
    levels.codes.pop_back();
    return CodeMap{std::move(levels.levels), std::move(levels.codes), code_of_missing, indicator};
  }

  void fill_codes(Column& column) const {
    const auto found = std::ranges::find(column.levels, text);
    const auto code = static_cast<std::int32_t>(found - column.levels.begin());
    bool was_missing = false;
    for (std::int32_t& value : column.codes) {
      was_missing |= value == kMissingCode;
      value = value == kMissingCode ? code : value;
    }
    if (was_missing && found == column.levels.end()) column.levels.push_back(text);
  }

  [[nodiscard]] nlohmann::json to_json() const {
    nlohmann::json json = {{"name", name}, {"indicator", has_indicator}, {"missing", missing}};
    if (number) {
      json["number"] = *number;
    } else {
      json["text"] = text;
    }
    return json;
  }

  static std::string summarise(const std::vector<Filled>& columns) {
    std::size_t values = 0;
    std::size_t indicators = 0;
    for (const Filled& column : columns) {
      values += column.missing;
      indicators += column.has_indicator ? 1 : 0;
    }
    return fmt::format("{} in {}; {}", counted(values, "missing value"),
                       counted(columns.size(), "column"), counted(indicators, "indicator"));
  }
};

/// The most frequent level, of several the first by name.
std::string most_frequent_level(const Column& column) {
  const std::vector<std::size_t> counts = level_counts(column);
  std::size_t best = 0;
  for (std::size_t level = 1; level < counts.size(); ++level) {
    const bool is_tie = counts[level] == counts[best];
    if (counts[level] > counts[best] || (is_tie && column.levels[level] < column.levels[best]))
      best = level;
  }
  return column.levels[best];
}

struct FillOptions {
  NumberFill number_fill = NumberFill::median;
  double constant = 0.0;
  std::optional<std::string> category_text;  // else the mode
  bool indicator = false;
};

FillOptions read_fill_options(StepOptions& options) {
  FillOptions read;
  if (options.holds_number("numbers")) {
    read.number_fill = NumberFill::constant;
    read.constant = options.number("numbers", 0.0);
  } else {
    read.number_fill = options.parsed("numbers", "median", parse_number_fill);
    if (read.number_fill == NumberFill::constant)
      options.refuse("numbers", "give the number itself in place of \"constant\"");
  }
  const std::string categories = options.text("categories", "missing");
  if (categories != "mode") read.category_text = categories;
  read.indicator = options.boolean("indicator", false);
  return read;
}

Filled fit_column(const Column& column, const FillOptions& wanted) {
  Filled filled{.name = column.name, .missing = count_missing(column)};
  filled.has_indicator = wanted.indicator && filled.missing > 0;
  const bool has_values = filled.missing < column.size();
  if (!has_values &&
      (column.is_number() ? wanted.number_fill != NumberFill::constant : !wanted.category_text)) {
    fail<DataError>(
        "column \"{}\" has no value to take the place of missing ones: drop it, or "
        "fill it with a constant",
        column.name);
  }
  if (column.is_number()) {
    filled.number = has_values ? fill_value(column.numbers, wanted.number_fill, wanted.constant)
                               : wanted.constant;
  } else {
    filled.text = wanted.category_text ? *wanted.category_text : most_frequent_level(column);
  }
  return filled;
}

}  // namespace

std::unique_ptr<Step> fit_fill(StepOptions& options, Table& table, const StepContext& context) {
  const FillOptions wanted = read_fill_options(options);
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::any, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    return fit_each_column<Filled>(table, names, [&](const Column& column) {
      if (column.has_integers()) {
        fail<DataError>("column \"{}\" is an identifier: nothing can stand for a missing one",
                        column.name);
      }
      return fit_column(column, wanted);
    });
  });
}

std::unique_ptr<Step> restore_fill(const JsonReader& state) {
  return restore_each_column<Filled>(state, [](const JsonReader& column) {
    Filled filled{.name = column.member("name").text(),
                  .has_indicator = column.member("indicator").boolean(),
                  .missing = column.member("missing").count()};
    if (column.has("number")) {
      column.expect_keys({"name", "indicator", "missing", "number"});
      filled.number = column.member("number").number();
    } else {
      column.expect_keys({"name", "indicator", "missing", "text"});
      filled.text = column.member("text").text();
    }
    return filled;
  });
}

}  // namespace ebb::preprocessing
