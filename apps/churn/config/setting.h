// The list of settings: reading, writing, validating and comparing configurations all walk it, so
// that none of them can forget one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "apps/churn/config/run_config.h"

namespace ebb::churn {

/// A setting's value as TOML has it; enumerators are their names.
using SettingValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>,
                                  std::vector<preprocessing::StepDeclaration>>;

struct Setting {
  std::vector<std::string> table;  // {"preprocessing", "numbers"}
  std::string key;
  std::string comment;   // one line, for the configuration file
  std::string expected;  // what values are valid: "a number from 0 to 1"
  std::function<SettingValue(const RunConfig&)> get;
  /// Whether the value, of the same alternative as get's, is valid; only then it is written.
  std::function<bool(RunConfig&, const SettingValue&)> set;
};

/// "preprocessing.numbers.fill"; names that TOML cannot have bare are in quotes.
std::string full_name(const Setting& setting);

/// The value as TOML spells it, so that it reads back the same: f64 in the shortest such form.
std::string to_toml(const SettingValue& value);
/// A key as TOML spells it: bare if it can be, else in quotes.
std::string toml_key(const std::string& name);

/// All settings in the order of RunConfig, those of `config`'s declared columns and its overrides
/// by column included.
std::vector<Setting> settings(const RunConfig& config);

/// Tables whose keys are names of columns of the user's table.
inline const std::vector<std::string> kDeclaredColumnsTable = {"data", "columns"};
inline const std::vector<std::string> kNumberColumnsTable = {"preprocessing", "number_columns"};
inline const std::vector<std::string> kCategoryColumnsTable = {"preprocessing", "category_columns"};

}  // namespace ebb::churn
