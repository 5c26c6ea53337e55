// interact: the products of pairs of numbers.
#include <nlohmann/json.hpp>

#include "preprocessing/columns/combine_numbers.h"
#include "preprocessing/common/names.h"
#include "preprocessing/steps/column_maps.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kMostColumns = 64;  // 2,016 pairs

struct Pair {
  std::string first;
  std::string second;
  [[nodiscard]] std::string name() const { return first + " * " + second; }
};

std::vector<Pair> pairs_of(const std::vector<std::string>& names) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = i + 1; j < names.size(); ++j) pairs.push_back({names[i], names[j]});
  }
  return pairs;
}

/// outputs[i] is the product of the i-th pair of `values`.
void multiply_pairs(Context& context, std::span<const double* const> values, std::size_t rows,
                    std::span<double* const> outputs) {
  std::vector<const double*> of;  // two of each pair
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) of.insert(of.end(), {values[i], values[j]});
  }
  std::vector<CombinedColumn> columns;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    columns.push_back({Combination::product, std::span(of).subspan(2 * i, 2), outputs[i]});
  combine_numbers(context, {static_cast<std::int64_t>(rows), columns});
}

class Interact final : public Step {
 public:
  explicit Interact(std::vector<std::string> names) : names_(std::move(names)) {}

  [[nodiscard]] std::string_view kind() const override { return "interact"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    for (const Pair& pair : pairs_of(names_)) {
      if (std::erase(wanted, pair.name()) > 0)
        wanted.insert(wanted.end(), {pair.first, pair.second});
    }
    return wanted;
  }
  void apply(Table& table) const override {
    const std::vector<std::string> present = table.present(names_);
    if (present.size() < 2) return;  // no pair
    std::vector<const double*> values;
    for (const std::string& name : present) values.push_back(table.numbers(name).data());
    std::vector<Column> products;
    std::vector<double*> outputs;
    for (const Pair& pair : pairs_of(present)) {
      products.push_back(number_column(pair.name(), std::vector<double>(table.rows())));
      outputs.push_back(products.back().numbers.data());
    }
    Context context;
    multiply_pairs(context, values, table.rows(), outputs);
    for (Column& column : products) table.add(std::move(column));
  }
  void apply(DeviceTable& table) const override {
    const std::vector<std::string> present = table.present(names_);
    if (present.size() < 2) return;  // no pair
    std::vector<const double*> values;
    for (const std::string& name : present)
      values.push_back(table.numbers(name).values.view().as<const double>());
    std::vector<DeviceColumn> products;
    std::vector<double*> outputs;
    for (const Pair& pair : pairs_of(present)) {
      products.push_back(empty_numbers(table, pair.name()));
      outputs.push_back(products.back().values.view().as<double>());
    }
    multiply_pairs(table.context(), values, table.rows(), outputs);
    for (DeviceColumn& column : products) table.add(std::move(column));
  }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("{} products of pairs of {}", pairs_of(names_).size(), list_names(names_));
  }
  [[nodiscard]] nlohmann::json to_json() const override { return {{"columns", names_}}; }

 private:
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Step> fit_interact(StepOptions& options, Table& table, const StepContext& context) {
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::number, context);
  options.refuse_unknown();
  if (names.size() < 2) options.refuse("columns", "expected two numbers at least");
  if (names.size() > kMostColumns) {
    options.refuse("columns", fmt::format("{} numbers have too many pairs: select at most {}",
                                          names.size(), kMostColumns));
  }
  auto step = std::make_unique<Interact>(names);
  options.guarded("columns", [&] { step->apply(table); });
  return step;
}

std::unique_ptr<Step> restore_interact(const JsonReader& state) {
  state.expect_keys({"step", "columns"});
  std::vector<std::string> names = state.member("columns").texts();
  if (names.size() > kMostColumns) state.member("columns").refuse("they have too many pairs");
  return std::make_unique<Interact>(std::move(names));
}

}  // namespace ebb::preprocessing
