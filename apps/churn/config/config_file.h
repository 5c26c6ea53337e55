// Configurations as TOML files, presets, and checks across settings.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/config/run_config.h"

namespace ebb::churn {

/// A named starting point, for `preset = "seed"` at the top of a file.
struct Preset {
  std::string name;
  std::string description;  // one line
};
/// All presets, "default" first.
const std::vector<Preset>& presets();
/// The settings of a preset. Throws DataError that lists the names.
RunConfig preset(std::string_view name);

/// Reads a TOML file; what it does not set keeps the value of its preset, so an empty file gives
/// the defaults. Throws IoError if it cannot be read, and DataError "file:line:column: ..." for a
/// syntax error, an unknown table or key (with the nearest known one), a wrong type and a value out
/// of range. Settings that do not fit each other are left to validate().
RunConfig load_config(const std::filesystem::path& path);
/// The same from a text; `source` names it in messages.
RunConfig parse_config(std::string_view toml, std::string_view source);

enum class TomlComments { none, each_setting };
/// Every setting: parse_config(to_toml(c)) == c, each f64 to the bit.
std::string to_toml(const RunConfig& config, TomlComments comments = TomlComments::each_setting);

/// Throws DataError naming the setting and its valid values if one is out of range or not UTF-8,
/// or if some do not fit each other: call it once command-line options are applied.
void validate(const RunConfig& config);

/// The settings in which two configurations differ, as `training.epochs: 20 -> 30`. Left out are
/// those that a resumed run may change, since results do not depend on them: [runtime], and the
/// paths of tables, whose contents a fingerprint compares.
std::vector<std::string> changed_settings(const RunConfig& before, const RunConfig& after);

/// The configuration without what changed_settings leaves out: two equal runs on different machines
/// and folders have equal ones.
RunConfig without_location(RunConfig config);

}  // namespace ebb::churn
