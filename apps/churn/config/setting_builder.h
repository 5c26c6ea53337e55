// Makes the entries of the list of settings from accessors to the members of RunConfig.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apps/churn/config/setting.h"

namespace ebb::churn {

/// The valid numbers from `lowest` to `highest`, without an end that is open.
struct NumberRange {
  double lowest = 0.0;
  double highest = 0.0;
  bool open_lowest = false;
  bool open_highest = false;

  bool contains(double value) const {
    return (open_lowest ? value > lowest : value >= lowest) &&
           (open_highest ? value < highest : value <= highest);
  }
  std::string describe() const {
    if (-lowest == highest && highest == std::numeric_limits<double>::max()) {
      return "a finite number";
    }
    return fmt::format("a number {} {} and {} {}", open_lowest ? "above" : "of at least", lowest,
                       open_highest ? "below" : "at most", highest);
  }
};

/// Settings of one table. An `access` takes a RunConfig, const or not, and gives the member.
class SettingBuilder {
 public:
  SettingBuilder(std::vector<Setting>& settings, std::vector<std::string> table)
      : settings_(settings), table_(std::move(table)) {}

  template <class Access>
  void flag(std::string key, Access access, std::string comment) {
    add<bool>(std::move(key), access, std::move(comment), "true or false",
              [](bool) { return true; });
  }

  template <class Access>
  void text(std::string key, Access access, std::string comment) {
    add<std::string>(std::move(key), access, std::move(comment), "a text",
                     [](const std::string&) { return true; });
  }

  template <class Access, class IsValid>
  void checked_text(std::string key, Access access, std::string comment, std::string expected,
                    IsValid is_valid) {
    add<std::string>(std::move(key), access, std::move(comment), std::move(expected), is_valid);
  }

  template <class Access>
  void texts(std::string key, Access access, std::string comment) {
    add<std::vector<std::string>>(std::move(key), access, std::move(comment), "a list of texts",
                                  [](const std::vector<std::string>&) { return true; });
  }

  template <class Access>
  void steps(std::string key, Access access, std::string comment) {
    using Steps = std::vector<preprocessing::StepDeclaration>;
    add<Steps>(std::move(key), access, std::move(comment),
               "a list of tables with a step and its options each",
               [](const Steps&) { return true; });
  }

  template <class Access>
  void whole_number(std::string key, Access access, std::int64_t lowest, std::int64_t highest,
                    std::string comment) {
    add<std::int64_t>(std::move(key), access, std::move(comment),
                      fmt::format("a whole number from {} to {}", lowest, highest),
                      [=](std::int64_t value) { return value >= lowest && value <= highest; });
  }

  template <class Access>
  void number(std::string key, Access access, NumberRange range, std::string comment) {
    add<double>(std::move(key), access, std::move(comment), range.describe(),
                [range](double value) { return range.contains(value); });
  }

  /// An enumeration: `name_of` gives the name of each of `values`.
  template <class Access, class Enum, class NameOf>
  void choice(std::string key, Access access, std::vector<Enum> values, NameOf name_of,
              const std::string& comment) {
    std::string names;
    for (const Enum value : values) {
      names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name_of(value));
    }
    const auto get = [=](const RunConfig& config) -> SettingValue {
      return std::string(name_of(access(config)));
    };
    const auto set = [=](RunConfig& config, const SettingValue& name) {
      for (const Enum value : values) {
        if (name_of(value) != std::get<std::string>(name)) continue;
        access(config) = value;
        return true;
      }
      return false;
    };
    settings_.push_back({table_, std::move(key), fmt::format("{}: {}", comment, names),
                         "one of " + names, get, set});
  }

 private:
  template <class Value, class Access, class IsValid>
  void add(std::string key, Access access, std::string comment, std::string expected,
           IsValid is_valid) {
    const auto get = [access](const RunConfig& config) -> SettingValue {
      return static_cast<Value>(access(config));
    };
    const auto set = [access, is_valid](RunConfig& config, const SettingValue& value) {
      const Value& wanted = std::get<Value>(value);
      if (!is_valid(wanted)) return false;
      auto& member = access(config);
      member = static_cast<std::remove_reference_t<decltype(member)>>(wanted);
      return true;
    };
    settings_.push_back(
        {table_, std::move(key), std::move(comment), std::move(expected), get, set});
  }

  std::vector<Setting>& settings_;
  std::vector<std::string> table_;
};

}  // namespace ebb::churn
