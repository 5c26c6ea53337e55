#include "apps/churn/validation/cross_validation_file.h"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/io/atomic_file.h"
#include "engine/io/bounded_json.h"
#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"

namespace ebb::churn {
namespace {

using preprocessing::JsonReader;

constexpr std::string_view kFormat = "ebb.cross_validation";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32;

nlohmann::ordered_json json_of_scores(const FoldScores& scores) {
  return {{"threshold", scores.threshold}, {"probabilities", scores.probabilities}};
}

nlohmann::ordered_json json_of_result(const FoldResult& result) {
  return {{"repeat", result.repeat},
          {"fold", result.fold},
          {"best_epoch", result.best_epoch},
          {"network", json_of_scores(result.network)},
          {"logistic_regression", json_of_scores(result.logistic_regression)}};
}

FoldScores scores_from(const JsonReader& json, std::size_t rows) {
  json.expect_keys({"threshold", "probabilities"});
  FoldScores scores;
  scores.threshold = json.member("threshold").number();
  for (const double value : json.member("probabilities").numbers()) {
    if (!(value >= 0 && value <= 1)) json.member("probabilities").refuse("expected 0 to 1");
    scores.probabilities.push_back(static_cast<float>(value));
  }
  if (scores.probabilities.size() != rows) {
    json.member("probabilities")
        .refuse(fmt::format("{} of them, but the round measures {} rows",
                            scores.probabilities.size(), rows));
  }
  return scores;
}

std::uint32_t small_count(const JsonReader& json) {
  const std::uint64_t count = json.count();
  if (count > std::numeric_limits<std::uint32_t>::max()) json.refuse("too large");
  return static_cast<std::uint32_t>(count);
}

FoldResult result_from(const JsonReader& json, std::span<const FoldRows> rounds) {
  json.expect_keys({"repeat", "fold", "best_epoch", "network", "logistic_regression"});
  FoldResult result;
  result.repeat = small_count(json.member("repeat"));
  result.fold = small_count(json.member("fold"));
  result.best_epoch = static_cast<std::int64_t>(json.member("best_epoch").count());
  const auto round = std::find_if(rounds.begin(), rounds.end(), [&](const FoldRows& candidate) {
    return candidate.repeat == result.repeat && candidate.fold == result.fold;
  });
  if (round == rounds.end()) json.member("fold").refuse("there is no such round");
  result.rows = round->rows.test;
  result.network = scores_from(json.member("network"), result.rows.size());
  result.logistic_regression = scores_from(json.member("logistic_regression"), result.rows.size());
  return result;
}

bool is_same(const FoldOptions& first, const FoldOptions& second) {
  return first.kind == second.kind && first.folds == second.folds &&
         first.repeats == second.repeats;
}

ValidatedConfig config_from(const JsonReader& json, std::span<const FoldRows> rounds) {
  ValidatedConfig config{json.member("settings").text(), {}};
  for (const JsonReader& element : json.member("results").elements()) {
    FoldResult result = result_from(element, rounds);
    const bool is_there = std::ranges::any_of(config.results, [&](const FoldResult& other) {
      return other.repeat == result.repeat && other.fold == result.fold;
    });
    if (is_there) element.refuse("the round is there twice");
    config.results.push_back(std::move(result));
  }
  return config;
}

/// What it is of comes before what was found: else another cross-validation would look damaged.
CrossValidation validation_from(const JsonReader& json, const CrossValidation& wanted,
                                std::span<const FoldRows> rounds) {
  json.expect_keys(
      {"format", "version", "data_fingerprint", "kind", "folds", "repeats", "configs"});
  if (json.member("format").text() != kFormat) json.member("format").refuse("another format");
  if (json.member("version").count() != kVersion) json.member("version").refuse("another version");
  CrossValidation validation;
  validation.data_fingerprint = json.member("data_fingerprint").text();
  if (validation.data_fingerprint != wanted.data_fingerprint) {
    fail<DataError>("it was made of other data");
  }
  validation.options = {json.member("kind").parsed(parse_fold_kind),
                        small_count(json.member("folds")), small_count(json.member("repeats"))};
  std::vector<std::string> settings;
  for (const JsonReader& config : json.member("configs").elements()) {
    config.expect_keys({"settings", "results"});
    settings.push_back(config.member("settings").text());
  }
  if (!is_same(validation.options, wanted.options) ||
      !std::ranges::equal(settings, wanted.configs, {}, {}, &ValidatedConfig::settings)) {
    fail<DataError>("it was made with other settings, folds or repeats");
  }
  for (const JsonReader& config : json.member("configs").elements()) {
    validation.configs.push_back(config_from(config, rounds));
  }
  return validation;
}

}  // namespace

void save_cross_validation(const std::filesystem::path& path, const CrossValidation& validation) {
  nlohmann::ordered_json json = {{"format", kFormat},
                                 {"version", kVersion},
                                 {"data_fingerprint", validation.data_fingerprint},
                                 {"kind", to_string(validation.options.kind)},
                                 {"folds", validation.options.folds},
                                 {"repeats", validation.options.repeats}};
  json["configs"] = nlohmann::ordered_json::array();
  for (const ValidatedConfig& config : validation.configs) {
    nlohmann::ordered_json results = nlohmann::ordered_json::array();
    for (const FoldResult& result : config.results) results.push_back(json_of_result(result));
    json["configs"].push_back({{"settings", config.settings}, {"results", std::move(results)}});
  }
  write_file_atomically(path, json.dump() + '\n');
}

CrossValidation load_cross_validation(const std::filesystem::path& path,
                                      const CrossValidation& wanted,
                                      std::span<const FoldRows> rounds) {
  const std::string text = read_file(path, kMostBytes);
  try {
    return validation_from(JsonReader(parse_json(text, {.memory = std::size_t{16} << 30}), "", ""),
                           wanted, rounds);
  } catch (const DataError& error) {
    fail<DataError>("{}: {}; start anew with --overwrite", path.string(), error.what());
  }
}

}  // namespace ebb::churn
