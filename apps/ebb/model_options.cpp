#include "apps/ebb/model_options.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/device_choice.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/device_option.h"
#include "apps/ebb/devices.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/precision_option.h"
#include "apps/ebb/threads_option.h"
#include "apps/ebb/usage.h"

namespace ebb::program {

void declare_model_options(CLI::App& command, ModelOptions& options, const char* data_description) {
  command
      .add_option("--model", options.model, "Folder of a trained model, or its model.safetensors")
      ->type_name("FOLDER")
      ->required();
  command
      .add_option("--data", options.data, fmt::format("{}: {}", data_description, kTableFormats))
      ->type_name("FILE")
      ->required();
  declare_delimiter(command, options.delimiter);
  command
      .add_option("--threshold", options.threshold,
                  "Flag from this probability on (default: the model's)")
      ->transform(within(0.0, 1.0))
      ->type_name("P");
  declare_device(command, options.device);
  declare_threads(command, options.threads);
  declare_precision(command, options.precision, "Of products: ",
                    ", which is faster and changes probabilities by less than 0.01 or so");
}

std::vector<std::string> files_read(const ModelOptions& options) {
  return {options.data, options.model,
          (options.model / std::filesystem::path(churn::kModelName)).string(),
          (options.model / std::filesystem::path(churn::kEnsembleName)).string()};
}

Device settle_device(const ModelOptions& options, std::FILE* stream) {
  const Device device = take_device(options.device);
  note_device(device, stream);
  return device;
}

churn::Predictor make_predictor(const churn::ModelFile& model, const ModelOptions& options) {
  try {
    return {churn::schema_of(model.pipeline),
            model.config.model,
            model.weights,
            {.device = options.device, .threads = options.threads},
            options.precision.value_or(Precision::f32)};
  } catch (const DataError& error) {
    fail<DataError>(
        "{}: the weights cannot be used with the pipeline and settings in the same file: {}; use a "
        "file as ebb train wrote it",
        options.model, error.what());
  }
}

std::vector<float> probabilities(churn::Predictor& predictor, const churn::ModelFile& model,
                                 const preprocessing::EncodedRows& rows,
                                 const ModelOptions& options) {
  std::vector<float> scores = predictor.probabilities(rows);
  if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); })) {
    fail<DataError>(
        "{}: the score of a customer is not a number: the weights are too large; use a file as ebb "
        "train wrote it",
        options.model);
  }
  model.calibration.apply(scores);
  return scores;
}

}  // namespace ebb::program
