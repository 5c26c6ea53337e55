// select: keeps the columns that say something about the label, and something of their own.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/selection/copies.h"
#include "preprocessing/selection/recursive_elimination.h"
#include "preprocessing/selection/relation.h"
#include "preprocessing/selection/selection.h"
#include "preprocessing/selection/varying.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"
#include "preprocessing/steps/step_folds.h"

namespace ebb::preprocessing {
namespace {

/// "; NAME REASON" of the first columns that went.
std::string list_dropped(const Selection& selection) {
  constexpr std::size_t kShown = 3;
  std::string text;
  std::size_t shown = 0;
  for (const ColumnVerdict& column : selection.columns) {
    if (column.is_kept || shown++ >= kShown) continue;
    text += fmt::format("; \"{}\" {}", column.name, column.reason);
  }
  if (shown > kShown) text += fmt::format("; {} more", shown - kShown);
  return text;
}

/// "; round 1: NAME (IMPORTANCE), NAME (IMPORTANCE); round 2: ..." of the first columns that went
/// by recursive elimination.
std::string list_rounds(const Selection& selection) {
  constexpr std::size_t kShown = 12;
  std::vector<ColumnVerdict> gone;
  std::ranges::copy_if(selection.columns, std::back_inserter(gone),
                       [](const ColumnVerdict& column) { return !column.is_kept; });
  std::ranges::stable_sort(gone, std::less<>(), [](const ColumnVerdict& column) {
    return std::pair(column.round, column.score);
  });
  std::string text = " by importance";
  std::size_t round = 0;
  for (std::size_t i = 0; i < std::min(kShown, gone.size()); ++i) {
    text += gone[i].round == round ? ", " : fmt::format("; round {}: ", gone[i].round);
    round = gone[i].round;
    const double rounded = std::round(gone[i].score * 1e4) / 1e4 + 0.0;  // without -0
    text += fmt::format("\"{}\" ({:.4f})", gone[i].name, rounded);
  }
  if (gone.size() > kShown) text += fmt::format("; {} more", gone.size() - kShown);
  return text;
}

class Select final : public Step {
 public:
  explicit Select(Selection selection)
      : selection_(std::move(selection)), dropped_(selection_.dropped()) {}

  [[nodiscard]] std::string_view kind() const override { return "select"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    return wanted;
  }
  void apply(Table& table) const override { table.drop(table.present(dropped_)); }
  void apply(DeviceTable& table) const override { table.drop(table.present(dropped_)); }
  [[nodiscard]] std::string summary() const override {
    const bool has_rounds = std::ranges::any_of(selection_.columns, &ColumnVerdict::round);
    return fmt::format("{} of {} kept{}", selection_.kept().size(),
                       counted(selection_.columns.size(), "column"),
                       has_rounds ? list_rounds(selection_) : list_dropped(selection_));
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"selection", preprocessing::to_json(selection_)}};
  }

 private:
  Selection selection_;
  std::vector<std::string> dropped_;
};

enum class Rule { varying, distinct, related, uncorrelated, important };

Rule parse_rule(std::string_view name) {
  if (name == "varying") return Rule::varying;
  if (name == "distinct") return Rule::distinct;
  if (name == "related") return Rule::related;
  if (name == "uncorrelated") return Rule::uncorrelated;
  if (name == "important") return Rule::important;
  fail<DataError>("\"{}\" is no rule: use varying, distinct, related, uncorrelated or important",
                  name);
}

/// At most `most_rows` training rows with these columns alone.
ImportanceSample draw_sample(const Table& table, std::span<const std::string> names,
                             const StepContext& context, std::size_t most_rows) {
  const std::vector<std::uint32_t> folds = folds_of(context, 2);
  std::vector<std::size_t> all(table.rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<std::size_t> drawn =
      draw_rows(std::move(all), most_rows, SplitMix64(context.seed));
  ImportanceSample sample{.rows = select_rows(table, drawn), .labels = {}, .folds = {}};
  std::vector<std::string> others = table.names();
  std::erase_if(others, [&](const std::string& name) { return contains(names, name); });
  sample.rows.drop(others);
  std::set<std::pair<std::uint32_t, float>> found;
  for (const std::size_t row : drawn) {
    sample.labels.push_back(context.labels[row]);
    sample.folds.push_back(folds[row]);
    found.emplace(folds[row], context.labels[row]);
  }
  if (found.size() < 4) {
    fail<DataError>(
        "one half of the {} training rows that importances are found on has one class alone: let "
        "most_rows be more, or choose columns by another rule",
        drawn.size());
  }
  return sample;
}

Selection keep_all(std::span<const std::string> names) {
  Selection selection;
  for (const std::string& name : names) selection.columns.push_back({.name = name, .reason = {}});
  return selection;
}

/// The options of one rule, then the selection by it.
using Judge = std::function<Selection(std::span<const std::string>)>;

Judge read_elimination(StepOptions& options, const Table& table, const StepContext& context) {
  if (context.importance == nullptr)
    options.refuse("rule", "there is no model here that tells how important columns are");
  if (!options.has("most")) options.refuse("expected most: how many columns to keep");
  const std::size_t keep = options.count("most", 1, 1);
  const std::size_t per_round = options.count("per_round", 0, 1);
  const std::size_t most_rows = options.count("most_rows", 20'000, 1);
  return [=, &table, &context](std::span<const std::string> names) {
    if (names.size() <= keep) return keep_all(names);
    const std::size_t tenth = std::max<std::size_t>(1, names.size() / 10);
    return eliminate_recursively(
        names, (*context.importance)(draw_sample(table, names, context, most_rows)),
        {.keep = keep, .per_round = per_round > 0 ? per_round : tenth});
  };
}

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
    case Rule::important:
      return read_elimination(options, table, context);
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
  const bool needs_labels = rule != Rule::varying && rule != Rule::distinct;
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
