// clip: what lies far beyond the training values.
#include "preprocessing/cleaning/outliers.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/each_column.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

struct Clipped {
  static constexpr std::string_view kKind = "clip";

  std::string name;
  OutlierBounds bounds;
  OutlierCounts training;

  [[nodiscard]] std::vector<std::string> outputs() const { return {name}; }
  [[nodiscard]] std::vector<Column> apply(Column column) const {
    require_type(column, ColumnType::number);
    static_cast<void>(treat_outliers(column.numbers, bounds));
    std::vector<Column> result;
    result.push_back(std::move(column));
    return result;
  }
  [[nodiscard]] ColumnMap map(DeviceTable& table) const {
    require_type(table, name, ColumnType::number);
    return NumberMap{{.formula = NumberFormula::bound,
                      .lower = bounds.lower,
                      .upper = bounds.upper,
                      .treatment = bounds.treatment},
                     {}};
  }
  [[nodiscard]] nlohmann::json to_json() const {
    return {{"name", name},
            {"bounds", preprocessing::to_json(bounds)},
            {"below", training.below},
            {"above", training.above}};
  }
  static std::string summarise(const std::vector<Clipped>& columns) {
    OutlierCounts sum;
    for (const Clipped& column : columns) {
      sum.below += column.training.below;
      sum.above += column.training.above;
    }
    return fmt::format("{} below and {} above the bounds of {}: {}", counted(sum.below, "value"),
                       sum.above, counted(columns.size(), "column"),
                       treatment_name(columns.front().bounds.treatment));
  }
};

OutlierOptions read_clip_options(StepOptions& options) {
  OutlierOptions read;
  read.rule = options.parsed("rule", "iqr", parse_outlier_rule);
  if (read.rule == OutlierRule::quantile) {
    read.share = options.number("share", 0.01);
  } else {
    read.factor = options.number("factor", read.rule == OutlierRule::z_score ? 3.0 : 1.5);
  }
  read.treatment = options.parsed("treatment", "clip", parse_outlier_treatment);
  return read;
}

}  // namespace

std::unique_ptr<Step> fit_clip(StepOptions& options, Table& table, const StepContext& context) {
  const OutlierOptions wanted = read_clip_options(options);
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    return fit_each_column<Clipped>(table, names, [&](const Column& column) {
      Clipped clipped{column.name, fit_outlier_bounds(column, wanted), {}};
      std::vector<double> values = column.numbers;
      OutlierBounds counted = clipped.bounds;
      counted.treatment = OutlierTreatment::report;
      clipped.training = treat_outliers(values, counted);
      return clipped;
    });
  });
}

std::unique_ptr<Step> restore_clip(const JsonReader& state) {
  return restore_each_column<Clipped>(state, [](const JsonReader& column) {
    column.expect_keys({"name", "bounds", "below", "above"});
    return Clipped{column.member("name").text(),
                   outlier_bounds_from_json(column.member("bounds")),
                   {column.member("below").count(), column.member("above").count()}};
  });
}

}  // namespace ebb::preprocessing
