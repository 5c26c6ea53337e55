#include "preprocessing/steps/column_maps.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "preprocessing/columns/map_numbers.h"
#include "preprocessing/columns/spread_levels.h"

namespace ebb::preprocessing {
namespace {

double* numbers_in(const DeviceColumn& column) { return column.values.view().as<double>(); }

/// Gathers what the columns take, then runs it at once.
class MapRun {
 public:
  explicit MapRun(DeviceTable& table) : table_(table) {}

  /// The columns in the place of the one named `name`, filled in by run().
  std::vector<DeviceColumn> add(const std::string& name, const NumberMap& map) {
    std::vector<DeviceColumn> made = {empty_numbers(table_, name)};
    NumberColumn number{.values = table_.numbers(name).values.view().as<const double>(),
                        .output = numbers_in(made[0]),
                        .mapping = map.mapping};
    if (!map.indicator.empty()) {
      made.push_back(empty_numbers(table_, map.indicator));
      number.missing = numbers_in(made[1]);
    }
    numbers_.push_back(number);
    return made;
  }

  std::vector<DeviceColumn> add(const std::string& name, const LevelMap& map) {
    std::vector<DeviceColumn> made;
    for (const std::string& output : map.names) made.push_back(empty_numbers(table_, output));
    spread(name, made, map.values, map.places, map.missing, map.missing_place);
    return made;
  }

  std::vector<DeviceColumn> add(const std::string& name, const CodeMap& map) {
    const auto rows = static_cast<std::int64_t>(table_.rows());
    const DeviceColumn& from = table_.column(name);
    std::vector<DeviceColumn> made = {
        {name, from.kind, Tensor::empty({rows}, DType::i32, table_.device()), map.levels}};
    recode_outputs_.push_back({made[0].values.view().as<std::int32_t>()});
    codes_.push_back({.codes = from.values.view().as<const std::int32_t>(),
                      .values = map.codes,
                      .places = {},
                      .missing = map.missing,
                      .outputs = {}});
    if (map.indicator.empty()) return made;
    made.push_back(empty_numbers(table_, map.indicator));
    zeros_.emplace_back(from.levels.size());
    spread(name, std::span(made).subspan(1), zeros_.back(), {}, 1.0, 0);
    return made;
  }

  void run() {
    const auto rows = static_cast<std::int64_t>(table_.rows());
    for (std::size_t i = 0; i < spread_.size(); ++i) spread_[i].outputs = spread_outputs_[i];
    for (std::size_t i = 0; i < codes_.size(); ++i) codes_[i].outputs = recode_outputs_[i];
    map_numbers(table_.context(), {rows, numbers_});
    spread_levels<double>(table_.context(), {rows, spread_});
    spread_levels<std::int32_t>(table_.context(), {rows, codes_});
  }

 private:
  void spread(const std::string& name, std::span<const DeviceColumn> made,
              std::span<const double> values, std::span<const std::int32_t> places, double missing,
              std::int32_t missing_place) {
    std::vector<double*>& outputs = spread_outputs_.emplace_back();
    for (const DeviceColumn& column : made) outputs.push_back(numbers_in(column));
    spread_.push_back({table_.column(name).values.view().as<const std::int32_t>(),
                       values,
                       places,
                       missing,
                       missing_place,
                       {}});
  }

  DeviceTable& table_;
  std::vector<NumberColumn> numbers_;
  std::vector<SpreadColumn<double>> spread_;
  std::vector<SpreadColumn<std::int32_t>> codes_;
  std::vector<std::vector<double*>> spread_outputs_;
  std::vector<std::vector<std::int32_t*>> recode_outputs_;
  std::vector<std::vector<double>> zeros_;  // moving the outer one keeps their memory
};

}  // namespace

Column column_of_levels(const DeviceColumn& column) {
  Column levels;
  levels.name = column.name;
  levels.kind = column.kind;
  levels.levels = column.levels;
  levels.codes.resize(levels.levels.size());
  std::iota(levels.codes.begin(), levels.codes.end(), 0);
  levels.codes.push_back(kMissingCode);
  return levels;
}

LevelMap level_map(std::string name, std::vector<double> values) {
  LevelMap map;
  map.names.push_back(std::move(name));
  map.missing = values.back();
  values.pop_back();
  map.values = std::move(values);
  return map;
}

void map_columns(DeviceTable& table, std::span<const std::string> names,
                 std::span<const ColumnMap> maps) {
  MapRun run(table);
  std::vector<std::vector<DeviceColumn>> made;
  for (std::size_t i = 0; i < names.size(); ++i) {
    made.push_back(std::visit([&](const auto& map) { return run.add(names[i], map); }, maps[i]));
  }
  run.run();
  table.replace(names, std::move(made));
}

void replace_at_end(DeviceTable& table, const std::string& name, std::span<const LevelMap> maps) {
  MapRun run(table);
  std::vector<DeviceColumn> made;
  for (const LevelMap& map : maps) std::ranges::move(run.add(name, map), std::back_inserter(made));
  run.run();
  table.drop({&name, 1});
  for (DeviceColumn& column : made) table.add(std::move(column));
}

DeviceColumn empty_numbers(const DeviceTable& table, std::string name) {
  const auto rows = static_cast<std::int64_t>(table.rows());
  return {
      std::move(name), ColumnKind::number, Tensor::empty({rows}, DType::f64, table.device()), {}};
}

}  // namespace ebb::preprocessing
