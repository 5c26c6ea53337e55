// What a cross-validation has found so far, in a file from which it goes on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/churn/validation/cross_validation.h"

namespace ebb::churn {

/// One configuration and its rounds so far, in the order of the plan.
struct ValidatedConfig {
  std::string settings;  // TOML, without_location()
  std::vector<FoldResult> results;
};

struct CrossValidation {
  std::string data_fingerprint;
  FoldOptions options;
  std::vector<ValidatedConfig> configs;  // one, or two that are compared
};

/// Writes it as JSON, whole or not at all. Throws IoError.
void save_cross_validation(const std::filesystem::path& path, const CrossValidation& validation);

/// That of the same data, options and settings as `wanted`, whose results do not count, in the
/// plan `rounds`. Throws IoError where it cannot be read, and DataError, which names the file and
/// the place, where it is damaged, or another one.
CrossValidation load_cross_validation(const std::filesystem::path& path,
                                      const CrossValidation& wanted,
                                      std::span<const FoldRows> rounds);

}  // namespace ebb::churn
