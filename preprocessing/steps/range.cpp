// range: values that cannot be.
#include <limits>

#include <nlohmann/json.hpp>

#include "preprocessing/cleaning/ranges.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/steps/column_maps.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

/// No EachColumn, since an impossible value's line is the table's to tell.
class Range final : public Step {
 public:
  Range(std::vector<std::string> names, DeclaredRange range, std::size_t impossible)
      : names_(std::move(names)), range_(range), impossible_(impossible) {}

  [[nodiscard]] std::string_view kind() const override { return "range"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    return wanted;
  }
  void apply(Table& table) const override { static_cast<void>(treat(table)); }
  void apply(DeviceTable& table) const override {
    const std::vector<std::string> present = table.present(names_);
    if (range_.treatment == RangeTreatment::error) return apply_on_host(table, present);
    for (const std::string& name : present) require_type(table, name, ColumnType::number);
    const NumberMapping mapping{.formula = NumberFormula::bound,
                                .lower = range_.lower,
                                .upper = range_.upper,
                                .treatment = treatment_of(range_.treatment)};
    map_columns(table, present, std::vector<ColumnMap>(present.size(), NumberMap{mapping, {}}));
  }
  /// Returns how many values were impossible.
  std::size_t treat(Table& table) const {
    const std::vector<std::string> present = table.present(names_);
    const Table lines(table.source(), table.lines());
    std::vector<std::size_t> counts(present.size());
    table.replace(present, [&](std::size_t i, Column column) {
      require_type(column, ColumnType::number);
      const RangeReport report = apply_range(column.numbers, range_, column.name, lines);
      counts[i] = report.below + report.above;
      std::vector<Column> result;
      result.push_back(std::move(column));
      return result;
    });
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    return sum;
  }
  void set_impossible(std::size_t count) { impossible_ = count; }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("{} in {}: {}", counted(impossible_, "impossible value"),
                       counted(names_.size(), "column"), treatment_name(range_.treatment));
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"columns", names_},
            {"range", preprocessing::to_json(range_)},
            {"impossible", impossible_}};
  }

 private:
  std::vector<std::string> names_;
  DeclaredRange range_;
  std::size_t impossible_;  // training values
};

}  // namespace

std::unique_ptr<Step> fit_range(StepOptions& options, Table& table, const StepContext& context) {
  constexpr double kOpen = std::numeric_limits<double>::infinity();
  if (!options.has("lower") && !options.has("upper"))
    options.refuse("expected lower, upper or both");
  const DeclaredRange range{
      .lower = options.number("lower", -kOpen),
      .upper = options.number("upper", kOpen),
      .treatment = options.parsed("treatment", "to_missing", parse_range_treatment)};
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  auto step = std::make_unique<Range>(names, range, 0);
  options.guarded("columns", [&] { step->set_impossible(step->treat(table)); });
  return step;
}

std::unique_ptr<Step> restore_range(const JsonReader& state) {
  state.expect_keys({"step", "columns", "range", "impossible"});
  return std::make_unique<Range>(state.member("columns").texts(),
                                 declared_range_from_json(state.member("range")),
                                 state.member("impossible").count());
}

}  // namespace ebb::preprocessing
