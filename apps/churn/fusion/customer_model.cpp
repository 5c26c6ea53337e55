#include "apps/churn/fusion/customer_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <xxhash.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/data/new_rows.h"
#include "engine/io/atomic_file.h"
#include "engine/io/bounded_json.h"
#include "kernels/common/error.h"
#include "preprocessing/csv/byte_source.h"

namespace ebb::churn {
namespace {

namespace fs = std::filesystem;
using preprocessing::ColumnDeclaration;
using preprocessing::JsonReader;

constexpr std::string_view kFormat = "ebb.ensemble";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostModelBytes = std::uint64_t{1} << 36;
constexpr std::size_t kMostMembers = 1000;

/// Of a file's content, 32 hexadecimal digits.
std::string digest_of(const fs::path& file) {
  const std::string content = read_file(file, kMostModelBytes);
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string digest_of_member(const fs::path& folder, std::size_t member) {
  return digest_of(member_folder(folder, member) / kModelName);
}

nlohmann::ordered_json json_of(const ThresholdChoice& choice) {
  nlohmann::ordered_json json = {{"value", choice.threshold}};
  json["objective_value"] = std::isnan(choice.objective_value)
                                ? nlohmann::ordered_json(nullptr)
                                : nlohmann::ordered_json(choice.objective_value);
  if (choice.fallback_reason) json["fallback_reason"] = *choice.fallback_reason;
  return json;
}

double share_from(const JsonReader& json) {
  const double value = json.number();
  if (!(value >= 0.0 && value <= 1.0)) json.refuse(fmt::format("{}, expected 0 to 1", value));
  return value;
}

ThresholdChoice threshold_from(const JsonReader& json, const nlohmann::json& value) {
  ThresholdChoice choice;
  choice.threshold = share_from(json.member("value"));
  const JsonReader objective_value = json.member("objective_value");
  choice.objective_value = value.at("objective_value").is_null()
                               ? std::numeric_limits<double>::quiet_NaN()
                               : objective_value.number();
  if (json.has("fallback_reason")) choice.fallback_reason = json.member("fallback_reason").text();
  return choice;
}

/// Reads ensemble.json, then the members that it names.
CustomerModel ensemble_from(const fs::path& folder, const nlohmann::json& document) {
  const JsonReader json(document, "", "");
  if (json.member("format").text() != kFormat) json.member("format").refuse("another format");
  if (json.member("version").count() != kVersion) {
    json.member("version").refuse("another version than this program reads: train again");
  }
  CustomerModel model;
  const std::vector<std::string> digests = json.member("members").texts();
  if (digests.empty() || digests.size() > kMostMembers) {
    json.member("members").refuse(fmt::format("{} of them", digests.size()));
  }
  model.combination = Combination::from_json(json.member("combination"));
  model.calibration = ScoreCalibration::from_json(json.member("calibration"));
  model.threshold = threshold_from(json.member("threshold"), document.at("threshold"));
  model.training_base_rate = share_from(json.member("training_base_rate"));
  model.config = json.member("config").parsed(
      [](const std::string& text) { return parse_config(text, "settings"); });
  model.data_fingerprint = json.member("data_fingerprint").text();
  static_cast<void>(json.member("metrics"));
  for (std::size_t i = 0; i < digests.size(); ++i) {
    if (digest_of_member(folder, i) != digests[i]) {
      fail<DataError>(
          "{} is another model than the ensemble was made of; put the former one back, or make the "
          "ensemble again with --resume",
          member_folder(folder, i).string());
    }
    model.members.push_back(load_model(member_folder(folder, i)));
  }
  if (model.combination.members() != model.members.size()) {
    json.member("combination")
        .refuse(fmt::format("of {} members, but there are {}", model.combination.members(),
                            model.members.size()));
  }
  return model;
}

CustomerModel load_ensemble(const fs::path& folder) {
  const fs::path file = folder / kEnsembleName;
  const std::string text = read_file(file, kMostBytes);
  try {
    CustomerModel model = ensemble_from(folder, parse_json(text));
    model.metrics = parse_ordered_json(text).at("metrics").dump();
    return model;
  } catch (const DataError& error) {
    fail<DataError>("{}: {}", file.string(), error.what());
  }
}

CustomerModel lone_model(ModelFile file) {
  CustomerModel model;
  model.combination = Combination::unfitted(CombinationMethod::mean, {file.threshold.threshold});
  model.threshold = file.threshold;
  model.training_base_rate = file.training_base_rate;
  model.config = file.config;
  model.metrics = file.metrics;
  model.data_fingerprint = file.data_fingerprint;
  model.members.push_back(std::move(file));
  return model;
}

/// Adds what else a member reads. What it only passes through, as an identifier, gives way.
void add_columns(std::vector<ColumnDeclaration>& columns,
                 const std::vector<ColumnDeclaration>& more, const std::string& name) {
  using preprocessing::DeclaredKind;
  for (const ColumnDeclaration& column : more) {
    const auto found = std::find_if(
        columns.begin(), columns.end(),
        [&](const ColumnDeclaration& declared) { return declared.name == column.name; });
    if (found == columns.end()) {
      columns.push_back(column);
    } else if (found->kind == DeclaredKind::identifier) {
      found->kind = column.kind;
    } else if (found->kind != column.kind && column.kind != DeclaredKind::identifier) {
      fail<DataError>(
          "{} reads column \"{}\" as another kind than the members before: declare the kind, under "
          "[data.columns] in the --config file, when training them",
          name, column.name);
    }
  }
}

}  // namespace

fs::path member_folder(const fs::path& folder, std::size_t member) {
  return folder / kMembersName / fmt::format("{:02}", member);
}

void save_ensemble(const fs::path& folder, const CustomerModel& model) {
  nlohmann::ordered_json json = {{"format", kFormat}, {"version", kVersion}};
  json["members"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < model.members.size(); ++i) {
    json["members"].push_back(digest_of_member(folder, i));
  }
  json["combination"] = model.combination.to_json();
  json["calibration"] = model.calibration.to_json();
  json["threshold"] = json_of(model.threshold);
  json["training_base_rate"] = model.training_base_rate;
  json["config"] = to_toml(without_location(model.config), TomlComments::none);
  json["data_fingerprint"] = model.data_fingerprint;
  json["metrics"] = nlohmann::ordered_json::parse(model.metrics);
  write_file_atomically(folder / kEnsembleName, json.dump(1) + '\n');
}

CustomerModel load_customer_model(const fs::path& path) {
  if (fs::exists(path / kEnsembleName)) return load_ensemble(path);
  return lone_model(load_model(path));
}

preprocessing::CsvReader open_new_rows(const fs::path& path, const CustomerModel& model,
                                       std::span<const std::string> texts,
                                       std::optional<char> delimiter,
                                       std::span<const std::string> required) {
  preprocessing::CsvOptions options = model.pipeline().schema_for_reading(texts);
  options.delimiter = delimiter;
  for (std::size_t i = 1; i < model.members.size(); ++i) {
    add_columns(options.columns, model.members[i].pipeline.schema_for_reading(texts).columns,
                fmt::format("member {}", i));
  }
  preprocessing::CsvReader reader(path, options);
  for (const ModelFile& member : model.members) {
    member.pipeline.require_columns(reader.header(), preprocessing::source_name(path), required);
  }
  return reader;
}

std::size_t rows_per_chunk(const CustomerModel& model) {
  std::size_t rows = 0;
  for (const ModelFile& member : model.members) {
    rows = std::max(rows, rows_per_chunk(member.pipeline));
  }
  return rows;
}

}  // namespace ebb::churn
