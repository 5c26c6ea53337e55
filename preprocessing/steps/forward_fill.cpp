// forward_fill: a customer's missing values from the same customer's past.
#include "preprocessing/cleaning/forward_fill.h"

#include <algorithm>
#include <numeric>

#include <nlohmann/json.hpp>

#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/events/column_codes.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

struct History {
  std::string customer;
  std::string time;
  TimeFormat format;
};

/// Whose a row is, and when; a row without a time is nobody's, since it has no past.
struct RowOrder {
  std::vector<std::int32_t> customers;
  std::vector<std::size_t> rows;  // from the earliest to the latest
};

RowOrder order_of(const Table& table, const History& history) {
  RowOrder order{codes_of(table.column(history.customer)).codes,
                 std::vector<std::size_t>(table.rows())};
  const std::vector<std::int64_t> times = timestamps_of(table, history.time, history.format);
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (times[row] == kMissingInteger) order.customers[row] = kMissingCode;
  }
  std::iota(order.rows.begin(), order.rows.end(), std::size_t{0});
  std::ranges::stable_sort(order.rows, {}, [&](std::size_t row) { return times[row]; });
  return order;
}

std::size_t fill_from_past(Column& column, const RowOrder& order) {
  if (column.is_number()) return forward_fill(column.numbers, order.customers, order.rows);
  if (column.has_integers()) return forward_fill(column.integers, order.customers, order.rows);
  return forward_fill(column.codes, order.customers, order.rows);
}

/// Of the training values.
struct FillCounts {
  std::size_t missing = 0;
  std::size_t filled = 0;
};

class ForwardFill final : public Step {
 public:
  ForwardFill(std::vector<std::string> names, History history)
      : names_(std::move(names)), history_(std::move(history)) {}

  [[nodiscard]] std::string_view kind() const override { return "forward_fill"; }
  [[nodiscard]] bool looks_at_other_rows() const override { return true; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    const bool is_wanted = std::ranges::any_of(
        wanted, [&](const std::string& name) { return contains(names_, name); });
    if (is_wanted) wanted.insert(wanted.end(), {history_.customer, history_.time});
    return wanted;
  }
  void apply(Table& table) const override { static_cast<void>(fill_all(table)); }
  void apply(DeviceTable& table) const override {
    std::vector<std::string> columns = names_;
    for (const std::string& name : {history_.customer, history_.time}) {
      if (!contains(columns, name)) columns.push_back(name);
    }
    apply_on_host(table, columns);
  }

  FillCounts fill_all(Table& table) const {
    if (table.find(history_.customer) == nullptr || table.find(history_.time) == nullptr) return {};
    std::vector<std::string> present;
    for (const std::string& name : names_) {
      if (table.find(name) != nullptr) present.push_back(name);
    }
    const RowOrder order = order_of(table, history_);
    std::vector<FillCounts> counts(present.size());
    table.replace(present, [&](std::size_t i, Column column) {
      counts[i].missing = count_missing(column);
      counts[i].filled = fill_from_past(column, order);
      std::vector<Column> filled;
      filled.push_back(std::move(column));
      return filled;
    });
    FillCounts sum;
    for (const FillCounts& count : counts) {
      sum.missing += count.missing;
      sum.filled += count.filled;
    }
    return sum;
  }
  void set_counts(const FillCounts& counts) { counts_ = counts; }

  [[nodiscard]] std::string summary() const override {
    return fmt::format("{} of {} in {}, from the past of each \"{}\"", counts_.filled,
                       counted(counts_.missing, "missing value"), counted(names_.size(), "column"),
                       history_.customer);
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"columns", names_},          {"customer", history_.customer},
            {"time", history_.time},      {"time_format", history_.format.spelling()},
            {"missing", counts_.missing}, {"filled", counts_.filled}};
  }

 private:
  std::vector<std::string> names_;
  History history_;
  FillCounts counts_;
};

std::string read_column(StepOptions& options, std::string_view key, const Table& table) {
  std::string name = options.text(key, "");
  if (name.empty()) options.refuse(fmt::format("{} is missing: name its column", key));
  if (table.find(name) == nullptr) {
    options.refuse(key, fmt::format("there is no column \"{}\" at this step.{}", name,
                                    suggest_names(name, table.names())));
  }
  return name;
}

}  // namespace

std::unique_ptr<Step> fit_forward_fill(StepOptions& options, Table& table,
                                       const StepContext& context) {
  History history{read_column(options, "customer", table), read_column(options, "time", table),
                  options.parsed("time_format", "iso",
                                 [](std::string_view spelling) { return TimeFormat(spelling); })};
  std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::any, context);
  options.refuse_unknown();
  // A row without either is filled with nothing.
  std::erase(names, history.customer);
  std::erase(names, history.time);
  if (names.empty()) options.refuse("no column is left for it");
  auto step = std::make_unique<ForwardFill>(std::move(names), std::move(history));
  options.guarded("time", [&] { step->set_counts(step->fill_all(table)); });
  return step;
}

std::unique_ptr<Step> restore_forward_fill(const JsonReader& state) {
  state.expect_keys({"step", "columns", "customer", "time", "time_format", "missing", "filled"});
  std::vector<std::string> names = state.member("columns").texts();
  for (const std::string& name : names) {
    if (std::ranges::count(names, name) > 1)
      state.member("columns").refuse(fmt::format("the column \"{}\" occurs twice", name));
  }
  auto step = std::make_unique<ForwardFill>(
      std::move(names), History{state.member("customer").text(), state.member("time").text(),
                                state.member("time_format").parsed([](std::string_view spelling) {
                                  return TimeFormat(spelling);
                                })});
  step->set_counts({state.member("missing").count(), state.member("filled").count()});
  return step;
}

}  // namespace ebb::preprocessing
