// select: keeps the columns that say something about the label, and something of their own.
#include <functional>

#include <nlohmann/json.hpp>

#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/selection/copies.h"
#include "preprocessing/selection/relation.h"
#include "preprocessing/selection/selection.h"
#include "preprocessing/selection/varying.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

class Select final : public Step {
 public:
  explicit Select(Selection selection)
      : selection_(std::move(selection)), dropped_(selection_.dropped()) {}

  [[nodiscard]] std::string_view kind() const override { return "select"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    return wanted;
  }
  void apply(Table& table) const override { table.drop(table.present(dropped_)); }
  [[nodiscard]] std::string summary() const override {
    constexpr std::size_t kShown = 3;
    std::string text = fmt::format("{} of {} kept", selection_.kept().size(),
                                   counted(selection_.columns.size(), "column"));
    std::size_t shown = 0;
    for (const ColumnVerdict& column : selection_.columns) {
      if (column.is_kept || shown++ >= kShown) continue;
      text += fmt::format("; \"{}\" {}", column.name, column.reason);
    }
    if (shown > kShown) text += fmt::format("; {} more", shown - kShown);
    return text;
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"selection", preprocessing::to_json(selection_)}};
  }

 private:
  Selection selection_;
  std::vector<std::string> dropped_;
};

enum class Rule { varying, distinct, related, uncorrelated };

Rule parse_rule(std::string_view name) {
  if (name == "varying") return Rule::varying;
  if (name == "distinct") return Rule::distinct;
  if (name == "related") return Rule::related;
  if (name == "uncorrelated") return Rule::uncorrelated;
  fail<DataError>("\"{}\" is no rule: use varying, distinct, related or uncorrelated", name);
}

/// The options of one rule, then the selection by it.
using Judge = std::function<Selection(std::span<const std::string>)>;

Judge read_judge(StepOptions& options, Rule rule, const Table& table, const StepContext& context) {
  switch (rule) {
    case Rule::varying: {
      const double share = options.number("largest_share", 1.0);
      return [&table, share](std::span<const std::string> names) {
        return select_varying(table, names, share);
      };
    }
    case Rule::distinct:
      return [&table](std::span<const std::string> names) { return select_distinct(table, names); };
    case Rule::related: {
      RelationOptions wanted;
      wanted.relation = options.parsed("relation", "pearson", parse_relation);
      if (!options.has("most") && !options.has("least"))
        options.refuse("expected most, least or both: which columns to keep");
      if (options.has("most")) wanted.most = options.count("most", 1, 1);
      wanted.least = options.number("least", 0.0);
      return [&table, &context, wanted](std::span<const std::string> names) {
        return select_related(table, names, context.labels, wanted);
      };
    }
    case Rule::uncorrelated: {
      const double limit = options.number("limit", 0.95);
      return [&table, &context, limit](std::span<const std::string> names) {
        return select_uncorrelated(table, names, context.labels, limit);
      };
    }
  }
  fail("select: unknown rule");
}

ColumnType parse_type(std::string_view name) {
  if (name == "any") return ColumnType::any;
  if (name == "number") return ColumnType::number;
  if (name == "category") return ColumnType::category;
  fail<DataError>("\"{}\" is no type: use any, number or category", name);
}

}  // namespace

std::unique_ptr<Step> fit_select(StepOptions& options, Table& table, const StepContext& context) {
  const Rule rule = options.parsed("rule", "related", parse_rule);
  const bool needs_labels = rule == Rule::related || rule == Rule::uncorrelated;
  if (needs_labels && context.labels.empty())
    options.refuse("rule", "this rule looks at the label, and there is no target");
  const ColumnType type = options.parsed("type", "any", parse_type);
  const Judge judge = read_judge(options, rule, table, context);
  const std::vector<std::string> names = select_columns(options, "columns", table, type, context);
  options.refuse_unknown();
  return options.guarded("columns", [&] {
    auto step = std::make_unique<Select>(judge(names));
    step->apply(table);
    return step;
  });
}

std::unique_ptr<Step> restore_select(const JsonReader& state) {
  state.expect_keys({"step", "selection"});
  return std::make_unique<Select>(selection_from_json(state.member("selection")));
}

}  // namespace ebb::preprocessing
