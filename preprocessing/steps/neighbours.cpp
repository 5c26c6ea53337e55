// neighbours: missing numbers from the training rows that are most alike.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "preprocessing/cleaning/nearest_neighbours.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

class Neighbours final : public Step {
 public:
  Neighbours(std::vector<std::string> names, NeighbourImputer imputer)
      : names_(std::move(names)), imputer_(std::move(imputer)) {}

  [[nodiscard]] std::string_view kind() const override { return "neighbours"; }
  /// A value comes from all columns.
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    const bool is_wanted = std::ranges::any_of(
        wanted, [&](const std::string& name) { return contains(names_, name); });
    if (is_wanted) wanted.insert(wanted.end(), names_.begin(), names_.end());
    return wanted;
  }
  void apply(Table& table) const override { static_cast<void>(fill(table)); }
  void apply(DeviceTable& table) const override { apply_on_host(table, names_); }
  /// Returns how many values were missing.
  std::size_t fill(Table& table) const {
    if (!table.has_all(names_)) return 0;
    std::vector<Column> columns(names_.size());
    // Moved out and back in, since a value comes from several columns.
    table.replace(names_, [&](std::size_t i, Column column) {
      require_type(column, ColumnType::number);
      columns[i] = std::move(column);
      return std::vector<Column>();
    });
    std::vector<std::span<double>> values;
    for (Column& column : columns) values.emplace_back(column.numbers);
    const std::size_t missing = imputer_.fill(values);
    for (Column& column : columns) table.add(std::move(column));
    return missing;
  }
  void set_filled(std::size_t count) { filled_ = count; }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("{} in {}, by {}", counted(filled_, "missing value"),
                       counted(names_.size(), "column"),
                       counted(imputer_.neighbours(), "neighbour"));
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {
        {"columns", names_}, {"imputer", preprocessing::to_json(imputer_)}, {"filled", filled_}};
  }

 private:
  std::vector<std::string> names_;
  NeighbourImputer imputer_;
  std::size_t filled_ = 0;  // training values
};

}  // namespace

std::unique_ptr<Step> fit_neighbours(StepOptions& options, Table& table,
                                     const StepContext& context) {
  const NeighbourOptions wanted{
      .neighbours = options.count("neighbours", 5, 1),
      .weights = options.parsed("weights", "uniform", parse_neighbour_weights),
      .most_rows = options.count("most_rows", 10'000, 1),
      .seed = context.seed};
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    std::vector<const Column*> columns;
    for (const std::string& name : names) columns.push_back(&table.column(name));
    auto step = std::make_unique<Neighbours>(names, NeighbourImputer::fit(columns, wanted));
    step->set_filled(step->fill(table));
    return step;
  });
}

std::unique_ptr<Step> restore_neighbours(const JsonReader& state) {
  state.expect_keys({"step", "columns", "imputer", "filled"});
  std::vector<std::string> names = state.member("columns").texts();
  NeighbourImputer imputer = neighbour_imputer_from_json(state.member("imputer"));
  if (imputer.means().size() != names.size())
    state.refuse("the imputer is one of another number of columns");
  auto step = std::make_unique<Neighbours>(std::move(names), std::move(imputer));
  step->set_filled(state.member("filled").count());
  return step;
}

}  // namespace ebb::preprocessing
