// A trained model in one file, all that prediction needs.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "apps/churn/artefact/build_info.h"
#include "apps/churn/config/run_config.h"
#include "apps/churn/decision/score_calibration.h"
#include "apps/churn/decision/threshold.h"
#include "engine/tensor/tensor.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

struct ModelFile {
  RunConfig config;  // of the training, without_location()
  preprocessing::Pipeline pipeline;
  std::map<std::string, Tensor> weights;  // by parameter name
  ScoreCalibration calibration;           // of the network's probabilities, before the threshold
  preprocessing::EncodedRows background;  // some training rows, for explanations; may have none
  ThresholdChoice threshold;
  double training_base_rate = 0.0;
  std::string metrics = "{}";    // JSON; times of a machine do not belong in it
  std::string data_fingerprint;  // PreparedData::fingerprint
  BuildInfo build;               // set on loading
};

/// Writes the safetensors file as write_safetensors does. Equal models give equal bytes: no time,
/// host, path or number of threads is in it. Throws IoError when it cannot be written, DataError
/// when `metrics` is no JSON, Error when a weight has gaps.
void save_model(const std::filesystem::path& path, const ModelFile& model);

/// Reads a model file, or the one in a model folder. Throws IoError if there is none or it cannot
/// be read, and DataError, which names the file and the reason, if it is damaged, of another format
/// or version, or incomplete.
ModelFile load_model(const std::filesystem::path& path);

}  // namespace ebb::churn
