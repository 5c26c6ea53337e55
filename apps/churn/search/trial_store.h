// The file of a search: what it is of, and every trial that has ended.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/churn/search/trial.h"

namespace ebb::churn {

/// In the folder of `ebb tune`.
inline constexpr const char* kTrialsName = "trials.jsonl";

/// What trials depend on, as text: two searches of equal ones have the same trials.
struct SearchIdentity {
  std::string data_fingerprint;
  std::string settings;  // what is not searched, without location
  std::string space;     // its file
  std::string method;
  std::string metric;
  std::uint64_t seed = 0;
  std::uint64_t jobs = 1;   // the proposals of one round know nothing of each other's trials
  std::uint64_t folds = 0;  // 0: one split
  bool early_stop = true;
  bool operator==(const SearchIdentity&) const = default;
};

/// JSON lines: the identity, then a trial each by number. The file is replaced as a whole, so that
/// it is never cut. Throws IoError.
void save_trials(const std::filesystem::path& path, const SearchIdentity& identity,
                 const std::vector<Trial>& trials);

/// Throws IoError if the file cannot be read, and DataError where it is damaged, or is of another
/// search, naming what differs.
std::vector<Trial> load_trials(const std::filesystem::path& path, const SearchIdentity& identity,
                               const SearchSpace& space);

}  // namespace ebb::churn
