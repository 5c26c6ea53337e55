#include "apps/churn/search/trial_store.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/search/search_space_file.h"
#include "engine/io/atomic_file.h"
#include "engine/io/bounded_json.h"
#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"

namespace ebb::churn {
namespace {

using preprocessing::JsonReader;

constexpr std::string_view kSearchFormat = "ebb.search";
constexpr std::uint64_t kSearchVersion = 1;
constexpr std::uint64_t kMostTrialBytes = std::uint64_t{1} << 30;

nlohmann::ordered_json json_of_identity(const SearchIdentity& identity) {
  return {{"format", kSearchFormat},
          {"version", kSearchVersion},
          {"data_fingerprint", identity.data_fingerprint},
          {"settings", identity.settings},
          {"space", identity.space},
          {"method", identity.method},
          {"metric", identity.metric},
          {"seed", identity.seed},
          {"jobs", identity.jobs},
          {"folds", identity.folds},
          {"early_stop", identity.early_stop}};
}

nlohmann::ordered_json json_of_trial(const Trial& trial) {
  nlohmann::ordered_json assignment = nlohmann::ordered_json::object();
  for (const auto& [name, value] : trial.assignment) assignment[name] = json_of(value);
  return {{"trial", trial.number},
          {"settings", std::move(assignment)},
          {"outcome", to_string(trial.outcome)},
          {"value", trial.value},
          {"curve", trial.curve},
          {"seconds", trial.seconds},
          {"problem", trial.problem}};
}

/// What `found` differs in from `wanted`, in words; empty for nothing.
std::string difference(const SearchIdentity& found, const SearchIdentity& wanted) {
  if (found.data_fingerprint != wanted.data_fingerprint) return "other data";
  if (found.method != wanted.method) return fmt::format("--method {}", found.method);
  if (found.metric != wanted.metric) return fmt::format("--metric {}", found.metric);
  if (found.seed != wanted.seed) return fmt::format("--seed {}", found.seed);
  if (found.jobs != wanted.jobs) return fmt::format("--jobs {}", found.jobs);
  if (found.folds != wanted.folds) return fmt::format("--folds {}", found.folds);
  if (found.early_stop != wanted.early_stop) {
    return found.early_stop ? "early stopping" : "--no-early-stop";
  }
  if (found.settings != wanted.settings) return "other settings";
  if (found.space != wanted.space) return "another search space";
  return "";
}

SearchIdentity identity_from(const JsonReader& json) {
  json.expect_keys({"format", "version", "data_fingerprint", "settings", "space", "method",
                    "metric", "seed", "jobs", "folds", "early_stop"});
  if (json.member("format").text() != kSearchFormat) json.member("format").refuse("another format");
  if (json.member("version").count() != kSearchVersion) {
    json.member("version").refuse("another version");
  }
  return {.data_fingerprint = json.member("data_fingerprint").text(),
          .settings = json.member("settings").text(),
          .space = json.member("space").text(),
          .method = json.member("method").text(),
          .metric = json.member("metric").text(),
          .seed = json.member("seed").count(),
          .jobs = json.member("jobs").count(),
          .folds = json.member("folds").count(),
          .early_stop = json.member("early_stop").boolean()};
}

Assignment assignment_from(const nlohmann::json& values, const JsonReader& place,
                           const SearchSpace& space) {
  Assignment assignment;
  std::size_t taken = 0;
  for (const SearchParameter& parameter : space.parameters()) {
    const auto found = values.find(parameter.name);
    if (found == values.end()) continue;
    const std::optional<SettingValue> value = setting_value(*found, parameter.like);
    if (!value || !space.contains(parameter.name, *value)) {
      place.refuse(fmt::format("{} is not in the search space", parameter.name));
    }
    assignment.emplace(parameter.name, *value);
    ++taken;
  }
  if (taken != values.size()) place.refuse("a setting that is not searched");
  return assignment;
}

Trial trial_from(const nlohmann::json& document, const SearchSpace& space) {
  const JsonReader json(document, "", "");
  json.expect_keys({"trial", "settings", "outcome", "value", "curve", "seconds", "problem"});
  const nlohmann::json& settings = document.at("settings");
  if (!settings.is_object()) json.member("settings").refuse("expected an object");
  return {.number = json.member("trial").count(),
          .assignment = assignment_from(settings, json.member("settings"), space),
          .outcome = json.member("outcome").parsed(parse_trial_outcome),
          .value = json.member("value").number(),
          .curve = json.member("curve").numbers(),
          .seconds = json.member("seconds").number(),
          .problem = json.member("problem").text()};
}

}  // namespace

void save_trials(const std::filesystem::path& path, const SearchIdentity& identity,
                 const std::vector<Trial>& trials) {
  std::vector<const Trial*> ordered;
  for (const Trial& trial : trials) ordered.push_back(&trial);
  std::sort(ordered.begin(), ordered.end(),
            [](const Trial* a, const Trial* b) { return a->number < b->number; });
  std::string text = json_of_identity(identity).dump() + '\n';
  for (const Trial* trial : ordered) text += json_of_trial(*trial).dump() + '\n';
  write_file_atomically(path, text);
}

std::vector<Trial> load_trials(const std::filesystem::path& path, const SearchIdentity& identity,
                               const SearchSpace& space) {
  const std::string text = read_file(path, kMostTrialBytes);
  std::vector<Trial> trials;
  std::size_t line = 0;
  try {
    for (std::size_t begin = 0; begin < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const nlohmann::json document = parse_json(std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
      if (line > 0) {
        trials.push_back(trial_from(document, space));
        if (trials.size() > 1 && trials.back().number <= trials[trials.size() - 2].number) {
          fail<DataError>("trial {} is out of order", trials.back().number);
        }
        continue;
      }
      const SearchIdentity found = identity_from(JsonReader(document, "", ""));
      const std::string other = difference(found, identity);
      if (!other.empty()) fail<DataError>("it is of a search with {}", other);
    }
    if (line == 0) fail<DataError>("it is empty");
  } catch (const DataError& error) {
    fail<DataError>("{}:{}: {}; start anew with --overwrite", path.string(), line + 1,
                    error.what());
  }
  return trials;
}

}  // namespace ebb::churn
