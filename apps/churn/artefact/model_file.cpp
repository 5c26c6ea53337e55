#include "apps/churn/artefact/model_file.h"

#include <cmath>

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
  if (fs::exists(path / kEnsembleName)) {
    fail<DataError>(
        "{}: is an ensemble, and this command takes one network: name a member, such as {}",
        path.string(), (path / kMembersName / "00").string());
  }
  fail<IoError>(
      "{}: there is no {} in this folder: {}", path.string(), kModelName,
      fs::exists(path / kCheckpointName)
          ? "its training is unfinished; go on with ebb train --resume, or start anew with "
            "--overwrite"
          : "name the folder that ebb train made with --out");
}

// Of tensors beside the weights: a sample of encoded training rows.
constexpr const char* kBackgroundNumbers = "background/numbers";
constexpr const char* kBackgroundCodes = "background/codes";

void add_background(std::map<std::string, Tensor>& tensors,
                    const preprocessing::EncodedRows& background) {
  if (background.rows == 0) return;
  const auto rows = static_cast<std::int64_t>(background.rows);
  const auto add = [&](const char* name, const auto& values, std::size_t width) {
    if (width == 0) return;
    tensors.emplace(name, Tensor::from_values({rows, static_cast<std::int64_t>(width)}, values));
  };
  add(kBackgroundNumbers, background.numbers, background.number_count);
  add(kBackgroundCodes, background.codes, background.category_count);
}

/// Takes one of the tensors out. Throws DataError unless it is [rows, width] of T, where there is
/// one; `rows` is that of the tensor before.
template <class T>
std::vector<T> take_background(std::map<std::string, Tensor>& tensors, const char* name,
                               std::size_t width, std::size_t& rows) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) return {};
  const Tensor tensor = found->second;
  tensors.erase(found);
  const Shape expected{
      rows > 0 || tensor.rank() == 0 ? static_cast<std::int64_t>(rows) : tensor.extent(0),
      static_cast<std::int64_t>(width)};
  if (tensor.dtype() != dtype_of<T> || tensor.shape() != expected) {
    fail<DataError>("{} is {} of {}, expected {} of {}", name, to_string(tensor.shape()),
                    name_of(tensor.dtype()), to_string(expected), name_of(dtype_of<T>));
  }
  rows = static_cast<std::size_t>(expected[0]);
  const std::span<T> values = tensor.values<T>();
  return {values.begin(), values.end()};
}

preprocessing::EncodedRows take_background(std::map<std::string, Tensor>& tensors,
                                           const preprocessing::Pipeline& pipeline) {
  const std::vector<std::int32_t> cardinalities = pipeline.cardinalities();
  preprocessing::EncodedRows rows;
  rows.number_count = pipeline.bin_edges().size();
  rows.category_count = cardinalities.size();
  rows.numbers = take_background<float>(tensors, kBackgroundNumbers, rows.number_count, rows.rows);
  rows.codes =
      take_background<std::int32_t>(tensors, kBackgroundCodes, rows.category_count, rows.rows);
  if (rows.numbers.size() != rows.rows * rows.number_count ||
      rows.codes.size() != rows.rows * rows.category_count) {
    fail<DataError>("{} and {} are not both there", kBackgroundNumbers, kBackgroundCodes);
  }
  for (const float number : rows.numbers) {
    if (!std::isfinite(number)) fail<DataError>("{} holds {}", kBackgroundNumbers, number);
  }
  for (std::size_t i = 0; i < rows.codes.size(); ++i) {
    const std::int32_t codes = cardinalities[i % rows.category_count];
    if (rows.codes[i] >= 0 && rows.codes[i] < codes) continue;
    fail<DataError>("{} holds the code {}, expected 0 to {}", kBackgroundCodes, rows.codes[i],
                    codes - 1);
  }
  return rows;
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
  std::map<std::string, Tensor> tensors = model.weights;
  add_background(tensors, model.background);
  write_safetensors(path, entries_of(tensors), metadata);
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
  try {
    model.background = take_background(model.weights, model.pipeline);
  } catch (const DataError& error) {
    fail<DataError>("{}: the background is wrong: {}", location.string(), error.what());
  }
  if (model.weights.empty()) fail<DataError>("{}: it holds no weights", location.string());
  return model;
}

}  // namespace ebb::churn
