#include "apps/churn/artefact/model_file.h"

#include <nlohmann/json.hpp>

#include "apps/churn/artefact/artefact_metadata.h"
#include "apps/churn/artefact/named_tensors.h"
#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/reporting/training_report.h"
#include "engine/io/bounded_json.h"

namespace ebb::churn {
namespace {

namespace fs = std::filesystem;

// metrics.json has some 400 values.
constexpr JsonLimits kMetricsLimits{.memory = std::size_t{4} << 20};

/// Checked and without blanks, its keys in the order in which they were written.
std::string compact_metrics(const std::string& text) {
  require_report(parse_json(text, kMetricsLimits));
  return parse_ordered_json(text, kMetricsLimits).dump();
}

/// The model file that `path` means.
fs::path locate(const fs::path& path) {
  if (!fs::is_directory(path)) {
    if (fs::exists(path)) return path;
    fail<IoError>("{}: there is no such model: name the folder that ebb train made with --out",
                  path.string());
  }
  const fs::path file = path / kModelName;
  if (fs::exists(file)) return file;
  fail<IoError>(
      "{}: there is no {} in this folder: {}", path.string(), kModelName,
      fs::exists(path / kCheckpointName)
          ? "its training is unfinished; go on with ebb train --resume, or start anew with "
            "--overwrite"
          : "name the folder that ebb train made with --out");
}

double read_share(const MetadataReader& metadata, std::string_view name) {
  const double value = metadata.number(name);
  if (!(value >= 0.0 && value <= 1.0)) {
    metadata.refuse(name, fmt::format("{}, expected a number from 0 to 1", value));
  }
  return value;
}

}  // namespace

void save_model(const fs::path& path, const ModelFile& model) {
  SafetensorsMetadata metadata = new_metadata(kModelFormat, model.config.training.precision);
  metadata["config"] = to_toml(without_location(model.config), TomlComments::none);
  metadata["pipeline"] = model.pipeline.to_json().dump();
  metadata["calibration"] = model.calibration.to_json().dump();
  metadata["threshold"] = spell_number(model.threshold.threshold);
  metadata["threshold_objective_value"] = spell_number(model.threshold.objective_value);
  if (model.threshold.fallback_reason) {
    metadata["threshold_fallback_reason"] = *model.threshold.fallback_reason;
  }
  metadata["training_base_rate"] = spell_number(model.training_base_rate);
  metadata["data_fingerprint"] = model.data_fingerprint;
  try {
    metadata["metrics"] = compact_metrics(model.metrics);
  } catch (const DataError& error) {
    fail<DataError>("{}: the metrics are wrong: {}", path.string(), error.what());
  }
  write_safetensors(path, entries_of(model.weights), metadata);
}

ModelFile load_model(const fs::path& path) {
  const fs::path location = locate(path);
  const SafetensorsFile file(location);
  const MetadataReader metadata(location, file, kModelFormat);
  ModelFile model;
  model.config = metadata.parsed(
      "config", [](const std::string& text) { return parse_config(text, "settings"); });
  model.pipeline = metadata.parsed("pipeline", [](const std::string& text) {
    return preprocessing::Pipeline::from_json(parse_json(text));
  });
  if (file.metadata().contains("calibration")) {  // which older versions do not write
    model.calibration = metadata.parsed("calibration", [](const std::string& text) {
      return ScoreCalibration::from_json(preprocessing::JsonReader(parse_json(text), "", ""));
    });
  }
  model.threshold.threshold = read_share(metadata, "threshold");
  model.threshold.objective_value = metadata.number("threshold_objective_value");
  if (const auto found = file.metadata().find("threshold_fallback_reason");
      found != file.metadata().end()) {
    model.threshold.fallback_reason = found->second;
  }
  model.training_base_rate = read_share(metadata, "training_base_rate");
  model.data_fingerprint = metadata.text("data_fingerprint");
  model.metrics = metadata.parsed("metrics", compact_metrics);
  model.build = metadata.build();
  model.weights = tensors_of(file.entries());
  if (model.weights.empty()) fail<DataError>("{}: it holds no weights", location.string());
  return model;
}

}  // namespace ebb::churn
