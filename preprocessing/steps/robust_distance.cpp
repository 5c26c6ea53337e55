// robust_distance: how far a row lies from the others, in several numbers at once.
#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "preprocessing/cleaning/mahalanobis.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

class RobustDistanceStep final : public Step {
 public:
  RobustDistanceStep(std::string name, std::vector<std::string> of, RobustDistance distance)
      : name_(std::move(name)), of_(std::move(of)), distance_(std::move(distance)) {}

  [[nodiscard]] std::string_view kind() const override { return "robust_distance"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    if (std::erase(wanted, name_) > 0) wanted.insert(wanted.end(), of_.begin(), of_.end());
    return wanted;
  }
  void apply(Table& table) const override {
    if (!table.has_all(of_)) return;
    std::vector<std::span<const double>> columns;
    for (const std::string& name : of_) columns.emplace_back(table.numbers(name));
    std::vector<double> distances = distance_.distances(columns);
    for (double& distance : distances)
      distance = std::min(distance, std::numeric_limits<double>::max());  // no column holds more
    table.add(number_column(name_, std::move(distances)));
  }
  void apply(DeviceTable& table) const override {
    if (table.has_all(of_)) apply_on_host(table, of_);
  }
  void count_isolated(const Table& table) {
    const std::vector<double>& distances = table.numbers(name_);
    isolated_ = static_cast<std::size_t>(std::ranges::count_if(
        distances, [&](double distance) { return distance > distance_.cut_off(); }));
  }
  void set_isolated(std::size_t count) { isolated_ = count; }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("\"{}\" of {}; {} beyond {:.4g}", name_, counted(of_.size(), "number"),
                       counted(isolated_, "row"), distance_.cut_off());
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"name", name_},
            {"of", of_},
            {"distance", preprocessing::to_json(distance_)},
            {"isolated", isolated_}};
  }

 private:
  std::string name_;
  std::vector<std::string> of_;
  RobustDistance distance_;
  std::size_t isolated_ = 0;  // training rows
};

}  // namespace

std::unique_ptr<Step> fit_robust_distance(StepOptions& options, Table& table,
                                          const StepContext& context) {
  const std::string name = options.text("name", "robust distance");
  if (table.find(name) != nullptr)
    options.refuse("name", fmt::format("there is a column \"{}\" already", name));
  const MahalanobisOptions wanted{.probability = options.number("probability", 0.975),
                                  .most_rows = options.count("most_rows", 50'000, 1),
                                  .seed = context.seed};
  const std::vector<std::string> of =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    std::vector<const Column*> columns;
    for (const std::string& column : of) columns.push_back(&table.column(column));
    auto step =
        std::make_unique<RobustDistanceStep>(name, of, RobustDistance::fit(columns, wanted));
    step->apply(table);
    step->count_isolated(table);
    return step;
  });
}

std::unique_ptr<Step> restore_robust_distance(const JsonReader& state) {
  state.expect_keys({"step", "name", "of", "distance", "isolated"});
  std::vector<std::string> of = state.member("of").texts();
  RobustDistance distance = robust_distance_from_json(state.member("distance"));
  if (distance.location().size() != of.size())
    state.refuse("the distance is one of another number of columns");
  auto step = std::make_unique<RobustDistanceStep>(state.member("name").text(), std::move(of),
                                                   std::move(distance));
  step->set_isolated(state.member("isolated").count());
  return step;
}

}  // namespace ebb::preprocessing
