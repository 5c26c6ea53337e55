// What a search found, trial by trial, for a report.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/churn/search/trial.h"

namespace ebb::churn {

struct TriedSettings {
  std::size_t number = 0;  ///< from 0
  TrialOutcome outcome = TrialOutcome::finished;
  double value = 0.0;    ///< of the metric, on validation rows
  std::string settings;  ///< "model.dim = 64, training.learning_rate = 0.0012"
};

struct SearchHistory {
  std::string method;
  SearchMetric metric;
  std::vector<TriedSettings> trials;  ///< by number
};

/// Reads the file of save_trials(), whatever it is a search of. Throws IoError where it cannot be
/// read, and DataError, which names the file and the line, where it is none.
SearchHistory read_search_history(const std::filesystem::path& path);

}  // namespace ebb::churn
