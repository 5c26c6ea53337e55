// A step that does something to each of some columns, with a state of its own for each.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/steps/column_maps.h"
#include "preprocessing/steps/step.h"

namespace ebb::preprocessing {

/// Transform has
///   static constexpr std::string_view kKind
///   std::string name                                    the column
///   std::vector<std::string> outputs() const            the columns that take its place
///   std::vector<Column> apply(Column column) const      those, of as many rows
///   ColumnMap map(DeviceTable& table) const             the same on a device
///   nlohmann::json to_json() const
///   static std::string summarise(const std::vector<Transform>&)
/// and may have kScales = true: the columns are those of Step::scaled().
template <class Transform>
class EachColumn final : public Step {
 public:
  explicit EachColumn(std::vector<Transform> transforms) : transforms_(std::move(transforms)) {}

  [[nodiscard]] std::string_view kind() const override { return Transform::kKind; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    for (const Transform& transform : transforms_) {
      const std::vector<std::string> outputs = transform.outputs();
      const auto replaced =
          std::erase_if(wanted, [&](const std::string& name) { return contains(outputs, name); });
      if (replaced > 0) wanted.push_back(transform.name);
    }
    return wanted;
  }
  void apply(Table& table) const override {
    std::vector<std::size_t> present;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < transforms_.size(); ++i) {
      if (table.find(transforms_[i].name) == nullptr) continue;
      present.push_back(i);
      names.push_back(transforms_[i].name);
    }
    table.replace(names, [&](std::size_t i, Column column) {
      return transforms_[present[i]].apply(std::move(column));
    });
  }
  void apply(DeviceTable& table) const override {
    std::vector<std::string> names;
    std::vector<ColumnMap> maps;
    for (const Transform& transform : transforms_) {
      if (!table.has(transform.name)) continue;
      names.push_back(transform.name);
      maps.push_back(transform.map(table));
    }
    map_columns(table, names, maps);
  }
  [[nodiscard]] std::vector<std::string> scaled() const override {
    std::vector<std::string> names;
    if constexpr (requires { Transform::kScales; }) {
      for (const Transform& transform : transforms_) names.push_back(transform.name);
    }
    return names;
  }
  [[nodiscard]] std::string summary() const override { return Transform::summarise(transforms_); }
  [[nodiscard]] nlohmann::json to_json() const override {
    nlohmann::json columns = nlohmann::json::array();
    for (const Transform& transform : transforms_) columns.push_back(transform.to_json());
    return {{"columns", columns}};
  }

 private:
  std::vector<Transform> transforms_;
};

/// Fits `fit(column)`, a Transform, to each of the columns in parallel, and applies the step.
template <class Transform, class Fit>
std::unique_ptr<Step> fit_each_column(Table& table, const std::vector<std::string>& names,
                                      Fit fit) {
  std::vector<Transform> transforms(names.size());
  parallel_for(names.size(), table.rows(),
               [&](std::size_t i) { transforms[i] = fit(table.column(names[i])); });
  auto step = std::make_unique<EachColumn<Transform>>(std::move(transforms));
  step->apply(table);
  return step;
}

/// Restores what EachColumn::to_json gave; `restore(JsonReader)` gives a Transform. Throws
/// DataError for no column and for one that is there twice.
template <class Transform, class Restore>
std::unique_ptr<Step> restore_each_column(const JsonReader& state, Restore restore) {
  state.expect_keys({"step", "columns"});
  std::vector<Transform> transforms;
  std::vector<std::string> names;
  for (const JsonReader& column : state.member("columns").elements()) {
    transforms.push_back(restore(column));
    if (contains(names, transforms.back().name))
      column.refuse(fmt::format("the column \"{}\" occurs twice", transforms.back().name));
    names.push_back(transforms.back().name);
  }
  if (names.empty()) state.member("columns").refuse("there is none");
  return std::make_unique<EachColumn<Transform>>(std::move(transforms));
}

}  // namespace ebb::preprocessing
