// interact: the products of pairs of numbers.
#include <nlohmann/json.hpp>

#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"
#include "preprocessing/steps/finite_or_missing.h"

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

Column product_of(const Pair& pair, const std::vector<double>& first,
                  const std::vector<double>& second) {
  std::vector<double> products(first.size());
  for (std::size_t row = 0; row < products.size(); ++row) {
    products[row] = finite_or_missing(first[row] * second[row]);
  }
  return number_column(pair.name(), std::move(products));
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
    std::vector<Pair> pairs = pairs_of(names_);
    std::erase_if(pairs, [&](const Pair& pair) {
      return table.find(pair.first) == nullptr || table.find(pair.second) == nullptr;
    });
    std::vector<Column> products(pairs.size());
    parallel_for(pairs.size(), table.rows(), [&](std::size_t i) {
      products[i] =
          product_of(pairs[i], table.numbers(pairs[i].first), table.numbers(pairs[i].second));
    });
    for (Column& column : products) table.add(std::move(column));
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
