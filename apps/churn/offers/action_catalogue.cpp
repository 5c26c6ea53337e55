#include "apps/churn/offers/action_catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "apps/churn/config/toml_reader.h"
#include "apps/churn/config/toml_text.h"
#include "engine/io/atomic_file.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

constexpr double kMostMoney = 1e12;
constexpr double kLargest = std::numeric_limits<double>::max();

using Keys = std::vector<std::string>;

Condition read_condition(const std::string& column, const TomlReader& value) {
  Condition condition{.column = column};
  if (!value.is_table()) {
    condition.values = value.one_or_more_texts();
    return condition;
  }
  value.expect_keys(Keys{"at_least", "below"});
  if (value.has("at_least"))
    condition.at_least = value.member("at_least").number(-kLargest, kLargest);
  if (value.has("below")) condition.below = value.member("below").number(-kLargest, kLargest);
  if (!(condition.at_least < condition.below)) {
    value.refuse("no number is at least that and below that");
  }
  return condition;
}

ActionSegment read_segment(const TomlReader& segment) {
  segment.expect_keys(Keys{"effect", "where"});
  ActionSegment read{.effect = segment.member("effect").number(0.0, 1.0)};
  for (const auto& [column, value] : segment.member("where").members()) {
    read.conditions.push_back(read_condition(column, value));
  }
  if (read.conditions.empty()) segment.member("where").refuse("it has no column");
  return read;
}

Action read_action(const TomlReader& action) {
  action.expect_keys(Keys{"name", "cost", "effect", "segments"});
  Action read{.name = action.member("name").text(),
              .cost = action.member("cost").number(0.0, kMostMoney),
              .effect = action.member("effect").number(0.0, 1.0)};
  if (!action.has("segments")) return read;
  for (const TomlReader& segment : action.member("segments").elements()) {
    read.segments.push_back(read_segment(segment));
  }
  return read;
}

}  // namespace

std::vector<std::string> ActionCatalogue::columns() const {
  std::vector<std::string> names;
  for (const Action& action : actions) {
    for (const ActionSegment& segment : action.segments) {
      for (const Condition& condition : segment.conditions) {
        if (!preprocessing::contains(names, condition.column)) names.push_back(condition.column);
      }
    }
  }
  return names;
}

ActionCatalogue parse_action_catalogue(std::string_view toml, std::string_view source) {
  const TomlDocument document = parse_toml(toml, source);
  const TomlReader root(document);
  root.expect_keys(Keys{"budget", "actions"});
  ActionCatalogue catalogue;
  if (root.has("budget")) catalogue.budget = root.member("budget").number(0.0, kMostMoney);
  for (const TomlReader& action : root.member("actions").elements()) {
    catalogue.actions.push_back(read_action(action));
    const std::string& name = catalogue.actions.back().name;
    const bool is_known = std::any_of(catalogue.actions.begin(), catalogue.actions.end() - 1,
                                      [&](const Action& other) { return other.name == name; });
    if (is_known) action.member("name").refuse(fmt::format("\"{}\" is there twice", name));
  }
  if (catalogue.actions.empty()) root.member("actions").refuse("there is none");
  return catalogue;
}

ActionCatalogue load_action_catalogue(const std::filesystem::path& path) {
  return parse_action_catalogue(read_file(path, kMostTomlBytes), path.string());
}

}  // namespace ebb::churn
