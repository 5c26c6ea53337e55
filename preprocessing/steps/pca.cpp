// pca: principal components in the place of the numbers that they are made of.
#include "preprocessing/pca/pca.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/steps/column_maps.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

class PcaStep final : public Step {
 public:
  PcaStep(std::string prefix, Pca pca) : prefix_(std::move(prefix)), pca_(std::move(pca)) {}

  [[nodiscard]] std::string_view kind() const override { return "pca"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    const std::vector<std::string> names = component_names();
    const auto replaced =
        std::erase_if(wanted, [&](const std::string& name) { return contains(names, name); });
    const std::vector<std::string>& columns = pca_.state().columns;
    if (replaced > 0) wanted.insert(wanted.end(), columns.begin(), columns.end());
    return wanted;
  }
  void apply(Table& table) const override {
    const std::vector<std::string>& columns = pca_.state().columns;
    if (!table.has_all(columns)) return;
    std::vector<std::vector<double>> components = pca_.transform(table);
    table.drop(columns);
    const std::vector<std::string> names = component_names();
    for (std::size_t i = 0; i < names.size(); ++i)
      table.add(number_column(names[i], std::move(components[i])));
  }
  void apply(DeviceTable& table) const override {
    const std::vector<std::string>& columns = pca_.state().columns;
    if (!table.has_all(columns)) return;
    std::vector<const double*> of;
    for (const std::string& name : columns) {
      if (table.kind(name) != ColumnKind::number) return apply_on_host(table, columns);  // refuses
      of.push_back(table.column(name).values.view().as<const double>());
    }
    std::vector<DeviceColumn> components;
    std::vector<double*> outputs;
    for (std::string& name : component_names()) {
      components.push_back(empty_numbers(table, std::move(name)));
      outputs.push_back(components.back().values.view().as<double>());
    }
    const Tensor has_missing = Tensor::zeros({1}, DType::i32, table.device());
    pca_.project(table.context(), table.rows(), of, outputs, has_missing.view().as<std::int32_t>());
    if (has_missing.to(Device()).values<std::int32_t>()[0] != 0)
      return apply_on_host(table, columns);  // refuses, and says where
    table.drop(columns);
    for (DeviceColumn& component : components) table.add(std::move(component));
  }
  [[nodiscard]] std::string summary() const override {
    double share = 0.0;
    for (const double part : pca_.state().shares) share += part;
    return fmt::format("{} of {}, {:.1f} % of their variance",
                       counted(pca_.components(), "component"),
                       counted(pca_.state().columns.size(), "number"), 100.0 * share);
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"prefix", prefix_}, {"pca", preprocessing::to_json(pca_)}};
  }

 private:
  [[nodiscard]] std::vector<std::string> component_names() const {
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= pca_.components(); ++i)
      names.push_back(fmt::format("{}{}", prefix_, i));
    return names;
  }

  std::string prefix_;
  Pca pca_;
};

}  // namespace

std::unique_ptr<Step> fit_pca(StepOptions& options, Table& table, const StepContext& context) {
  const std::string prefix = options.text("prefix", "component ");
  const PcaOptions wanted{.components = options.count("components", 0),
                          .explained = options.number("explained", 1.0),
                          .standardise = options.boolean("standardise", true)};
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    auto step = std::make_unique<PcaStep>(prefix, Pca::fit(table, names, wanted));
    step->apply(table);
    return step;
  });
}

std::unique_ptr<Step> restore_pca(const JsonReader& state) {
  state.expect_keys({"step", "prefix", "pca"});
  return std::make_unique<PcaStep>(state.member("prefix").text(),
                                   pca_from_json(state.member("pca")));
}

}  // namespace ebb::preprocessing
