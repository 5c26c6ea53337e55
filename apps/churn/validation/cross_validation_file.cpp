#include "apps/churn/validation/cross_validation_file.h"

#include <algorithm>

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

FoldResult result_from(const JsonReader& json, std::span<const FoldRows> rounds) {
  json.expect_keys({"repeat", "fold", "best_epoch", "network", "logistic_regression"});
  FoldResult result;
  result.repeat = static_cast<std::uint32_t>(json.member("repeat").count());
  result.fold = static_cast<std::uint32_t>(json.member("fold").count());
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

CrossValidation validation_from(const JsonReader& json, std::span<const FoldRows> rounds) {
  json.expect_keys(
      {"format", "version", "data_fingerprint", "kind", "folds", "repeats", "configs"});
  if (json.member("format").text() != kFormat) json.member("format").refuse("another format");
  if (json.member("version").count() != kVersion) json.member("version").refuse("another version");
  CrossValidation validation;
  validation.data_fingerprint = json.member("data_fingerprint").text();
  validation.options = {json.member("kind").parsed(parse_fold_kind),
                        static_cast<std::uint32_t>(json.member("folds").count()),
                        static_cast<std::uint32_t>(json.member("repeats").count())};
  for (const JsonReader& config : json.member("configs").elements()) {
    config.expect_keys({"settings", "results"});
    ValidatedConfig read{config.member("settings").text(), {}};
    for (const JsonReader& result : config.member("results").elements()) {
      read.results.push_back(result_from(result, rounds));
    }
    validation.configs.push_back(std::move(read));
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
                                      const LabelledCustomers& customers,
                                      std::span<const FoldRows> rounds) {
  const std::string text = read_file(path, kMostBytes);
  try {
    CrossValidation validation = validation_from(
        JsonReader(parse_json(text, {.memory = std::size_t{16} << 30}), "", ""), rounds);
    if (validation.data_fingerprint != customers.fingerprint) {
      fail<DataError>("it was made of other data");
    }
    return validation;
  } catch (const DataError& error) {
    fail<DataError>("{}: {}; start anew with --overwrite", path.string(), error.what());
  }
}

}  // namespace ebb::churn
