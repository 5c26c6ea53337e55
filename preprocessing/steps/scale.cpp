// scale: numbers by one of the scalings of scaling/scaling.h.
#include "preprocessing/common/counted.h"
#include "preprocessing/scaling/scaling_json.h"
#include "preprocessing/statistics/quantiles.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/each_column.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

struct Scaled {
  static constexpr std::string_view kKind = "scale";
  static constexpr bool kScales = true;

  std::string name;
  NumberScaler scaler;

  [[nodiscard]] std::vector<std::string> outputs() const { return {name}; }
  [[nodiscard]] std::vector<Column> apply(Column column) const {
    require_type(column, ColumnType::number);
    for (double& value : column.numbers) value = scaler.apply(value);
    std::vector<Column> result;
    result.push_back(std::move(column));
    return result;
  }
  [[nodiscard]] ColumnMap map(DeviceTable& table) const {
    require_type(table, name, ColumnType::number);
    return NumberMap{{.formula = NumberFormula::scale, .scaler = scaler.view()}, {}};
  }
  [[nodiscard]] nlohmann::json to_json() const {
    return {{"name", name}, {"scaler", preprocessing::to_json(scaler)}};
  }
  static std::string summarise(const std::vector<Scaled>& columns) {
    return fmt::format("{}: {}", counted(columns.size(), "column"),
                       scaling_name(columns.front().scaler.scaling()));
  }
};

}  // namespace

std::unique_ptr<Step> fit_scale(StepOptions& options, Table& table, const StepContext& context) {
  const Scaling method = options.parsed("method", "standard", parse_scaling);
  const std::size_t quantiles = options.count("quantiles", 1000, 2);
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    return fit_each_column<Scaled>(table, names, [&](const Column& column) {
      const std::vector<double> sorted = sorted_values(column.numbers);
      if (sorted.empty())
        fail<DataError>("column \"{}\" has no value to scale by: drop it", column.name);
      try {
        return Scaled{column.name, NumberScaler::fit(sorted, method, quantiles)};
      } catch (const DataError& error) {
        fail<DataError>("column \"{}\": {}: correct them, or leave it out", column.name,
                        error.what());
      }
    });
  });
}

std::unique_ptr<Step> restore_scale(const JsonReader& state) {
  return restore_each_column<Scaled>(state, [](const JsonReader& column) {
    column.expect_keys({"name", "scaler"});
    return Scaled{column.member("name").text(), number_scaler_from_json(column.member("scaler"))};
  });
}

}  // namespace ebb::preprocessing
