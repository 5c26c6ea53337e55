// drop: takes columns out.
#include <nlohmann/json.hpp>

#include "preprocessing/common/names.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

class Drop final : public Step {
 public:
  explicit Drop(std::vector<std::string> names) : names_(std::move(names)) {}

  [[nodiscard]] std::string_view kind() const override { return "drop"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    return wanted;
  }
  void apply(Table& table) const override { table.drop(table.present(names_)); }
  void apply(DeviceTable& table) const override { table.drop(table.present(names_)); }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("{} taken out", list_names(names_));
  }
  [[nodiscard]] nlohmann::json to_json() const override { return {{"columns", names_}}; }

 private:
  std::vector<std::string> names_;
};

/// The columns that the option `keep` does not select.
std::vector<std::string> columns_to_drop(StepOptions& options, const Table& table,
                                         const StepContext& context) {
  if (!options.has("keep"))
    return select_columns(options, "columns", table, ColumnType::any, context);
  const std::vector<std::string> kept =
      select_columns(options, "keep", table, ColumnType::any, context);
  std::vector<std::string> dropped;
  for (const Column& column : table.columns()) {
    if (!contains(kept, column.name) && !contains(context.reserved, column.name))
      dropped.push_back(column.name);
  }
  return dropped;
}

}  // namespace

std::unique_ptr<Step> fit_drop(StepOptions& options, Table& table, const StepContext& context) {
  if (options.has("keep") == options.has("columns"))
    options.refuse("expected either columns, those to take out, or keep, those that stay");
  auto step = std::make_unique<Drop>(columns_to_drop(options, table, context));
  options.refuse_unknown();
  step->apply(table);
  return step;
}

std::unique_ptr<Step> restore_drop(const JsonReader& state) {
  state.expect_keys({"step", "columns"});
  return std::make_unique<Drop>(state.member("columns").texts());
}

}  // namespace ebb::preprocessing
