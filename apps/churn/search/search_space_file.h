// Search spaces as TOML files.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "apps/churn/search/search_space.h"

namespace ebb::churn {

/// Reads a file of tables, one for each setting that is searched:
///
///   [search."training.learning_rate"]
///   low = 1e-4
///   high = 1e-2
///   log = true
///   [search."model.number_embedding"]
///   values = ["periodic", "piecewise_linear"]
///   [search."model.bins"]
///   values = [8, 16, 32]
///   when = {"model.number_embedding" = "piecewise_linear"}
///
/// `base` says which settings there are. Throws IoError if the file cannot be read, and DataError
/// "file:line:column: ..." for what is no TOML, unknown settings and keys, with the nearest, values
/// that a setting cannot have, and settings that no search may change: data, split, runtime and the
/// seed.
SearchSpace load_search_space(const std::filesystem::path& path, const RunConfig& base);
/// The same from a text; `source` names it in messages.
SearchSpace parse_search_space(std::string_view toml, std::string_view source,
                               const RunConfig& base);

/// The space where no file is given, as its TOML file.
std::string_view default_search_space();

/// A value as JSON has it, of the same type as `like`; a whole number can be a number. Nothing for
/// other types, and for lists of names, of which json_of() takes none.
std::optional<SettingValue> setting_value(const nlohmann::json& json, const SettingValue& like);
nlohmann::json json_of(const SettingValue& value);

/// `base` with the assignment's values. Throws DataError for a value that its setting cannot have.
RunConfig configure(RunConfig base, const SearchSpace& space, const Assignment& assignment);

/// configure() where the settings fit each other, as validate() says; else nothing.
std::optional<RunConfig> configure_if_valid(const RunConfig& base, const SearchSpace& space,
                                            const Assignment& assignment);

/// The assignment that leaves `base` as it is, where there is one.
std::optional<Assignment> assignment_of(const RunConfig& base, const SearchSpace& space);

}  // namespace ebb::churn
