// derive: a number made of others.
#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "preprocessing/columns/combine_numbers.h"
#include "preprocessing/columns/map_numbers.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/statistics/quantiles.h"
#include "preprocessing/steps/column_maps.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kMostBins = 4096;

enum class Operation { ratio, difference, sum, product, log1p, bins };

struct OperationName {
  Operation operation;
  std::string_view name;
  std::size_t fewest;  // columns
  std::size_t most;
};
constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();
constexpr std::array kOperations = {
    OperationName{Operation::ratio, "ratio", 2, 2},
    OperationName{Operation::difference, "difference", 2, 2},
    OperationName{Operation::sum, "sum", 2, kAnyNumber},
    OperationName{Operation::product, "product", 2, kAnyNumber},
    OperationName{Operation::log1p, "log1p", 1, 1},
    OperationName{Operation::bins, "bins", 1, 1},
};

const OperationName& find_operation(std::string_view name) {
  const auto* found = std::ranges::find(kOperations, name, &OperationName::name);
  if (found != kOperations.end()) return *found;
  std::vector<std::string> names;
  for (const OperationName& operation : kOperations) names.emplace_back(operation.name);
  fail<DataError>("\"{}\" is no operation.{}", name, suggest_names(name, names));
}

const OperationName& name_of(Operation operation) {
  return *std::ranges::find(kOperations, operation, &OperationName::operation);
}

struct Formula {
  std::string name;
  Operation operation = Operation::ratio;
  std::vector<std::string> of;
  std::vector<double> edges;  // of bins, ascending
};

/// Of an operation on one column.
NumberMapping mapping_of(const Formula& formula) {
  if (formula.operation == Operation::log1p) return {.formula = NumberFormula::log1p};
  return {.formula = NumberFormula::bin,
          .scaler = {.knots = formula.edges.data(), .knot_count = std::ssize(formula.edges)}};
}

Combination combination_of(Operation operation) {
  switch (operation) {
    case Operation::ratio:
      return Combination::ratio;
    case Operation::difference:
      return Combination::difference;
    case Operation::sum:
      return Combination::sum;
    default:
      return Combination::product;
  }
}

/// The formula's column from those that it is `of`, on the context's device.
void evaluate(Context& context, const Formula& formula, std::span<const double* const> of,
              std::size_t rows, double* output) {
  const auto count = static_cast<std::int64_t>(rows);
  if (of.size() == 1) {
    const NumberColumn column{.values = of[0], .output = output, .mapping = mapping_of(formula)};
    return map_numbers(context, {count, {&column, 1}});
  }
  const CombinedColumn column{combination_of(formula.operation), of, output};
  combine_numbers(context, {count, {&column, 1}});
}

class Derive final : public Step {
 public:
  explicit Derive(Formula formula) : formula_(std::move(formula)) {}

  [[nodiscard]] std::string_view kind() const override { return "derive"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    if (std::erase(wanted, formula_.name) > 0)
      wanted.insert(wanted.end(), formula_.of.begin(), formula_.of.end());
    return wanted;
  }
  void apply(Table& table) const override {
    if (!table.has_all(formula_.of)) return;
    std::vector<const double*> values;
    for (const std::string& name : formula_.of) values.push_back(table.numbers(name).data());
    std::vector<double> results(table.rows());
    Context context;
    evaluate(context, formula_, values, results.size(), results.data());
    table.add(number_column(formula_.name, std::move(results)));
  }
  void apply(DeviceTable& table) const override {
    if (!table.has_all(formula_.of)) return;
    std::vector<const double*> values;
    for (const std::string& name : formula_.of)
      values.push_back(table.numbers(name).values.view().as<const double>());
    DeviceColumn results = empty_numbers(table, formula_.name);
    evaluate(table.context(), formula_, values, table.rows(), results.values.view().as<double>());
    table.add(std::move(results));
  }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("\"{}\" is the {} of {}", formula_.name, name_of(formula_.operation).name,
                       list_names(formula_.of));
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"name", formula_.name},
            {"operation", name_of(formula_.operation).name},
            {"of", formula_.of},
            {"edges", formula_.edges}};
  }

 private:
  Formula formula_;
};

void require_fitting_number(const OperationName& operation, std::size_t columns) {
  if (columns >= operation.fewest && columns <= operation.most) return;
  const bool has_one_number = operation.fewest == operation.most;
  fail<DataError>("{} for {}, which takes {}{}", counted(columns, "column"), operation.name,
                  operation.fewest, has_one_number ? "" : " or more");
}

void require_ascending(const std::vector<double>& edges) {
  if (std::ranges::adjacent_find(edges, std::ranges::greater_equal()) != edges.end())
    fail<DataError>("expected ascending numbers");
}

std::vector<double> quantile_edges(const Column& column, std::size_t bins) {
  const std::vector<double> sorted = sorted_values(column.numbers);
  if (sorted.empty()) fail<DataError>("column \"{}\" has no value", column.name);
  std::vector<double> edges;
  for (std::size_t i = 1; i < bins; ++i) {
    const double edge = quantile(sorted, static_cast<double>(i) / static_cast<double>(bins));
    if (edges.empty() || edge > edges.back()) edges.push_back(edge);
  }
  return edges;
}

std::vector<double> read_edges(StepOptions& options, const Column& column) {
  if (options.has("edges") == options.has("bins"))
    options.refuse("expected either edges, a list of numbers, or bins, how many");
  if (options.has("bins")) {
    const std::size_t bins = options.count("bins", 0, 2, kMostBins);
    return options.guarded("of", [&] { return quantile_edges(column, bins); });
  }
  std::vector<double> edges = options.numbers("edges");
  if (edges.empty()) options.refuse("edges", "expected one number at least");
  options.guarded("edges", [&] { require_ascending(edges); });
  return edges;
}

}  // namespace

std::unique_ptr<Step> fit_derive(StepOptions& options, Table& table, const StepContext& context) {
  Formula formula;
  if (!options.has("operation")) {
    options.refuse("operation is missing: use ratio, difference, sum, product, log1p or bins");
  }
  const OperationName& operation = options.parsed(
      "operation", "",
      [](std::string_view name) -> const OperationName& { return find_operation(name); });
  formula.operation = operation.operation;
  formula.of = list_columns(options, "of", table, ColumnType::number, context);
  options.guarded("of", [&] { require_fitting_number(operation, formula.of.size()); });
  if (formula.operation == Operation::bins) {
    formula.edges = read_edges(options, table.column(formula.of.front()));
  }
  formula.name =
      options.text("name", fmt::format("{} of {}", operation.name, fmt::join(formula.of, " and ")));
  if (table.find(formula.name) != nullptr)
    options.refuse("name", fmt::format("there is a column \"{}\" already", formula.name));
  options.refuse_unknown();
  auto step = std::make_unique<Derive>(std::move(formula));
  step->apply(table);
  return step;
}

std::unique_ptr<Step> restore_derive(const JsonReader& state) {
  state.expect_keys({"step", "name", "operation", "of", "edges"});
  Formula formula;
  formula.name = state.member("name").text();
  formula.of = state.member("of").texts();
  formula.edges = state.member("edges").numbers();
  const OperationName* operation =
      state.member("operation").parsed([](std::string_view name) { return &find_operation(name); });
  formula.operation = operation->operation;
  state.guarded([&] {
    require_fitting_number(*operation, formula.of.size());
    require_ascending(formula.edges);
  });
  return std::make_unique<Derive>(std::move(formula));
}

}  // namespace ebb::preprocessing
