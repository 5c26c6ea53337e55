// What the commands that use a trained model have in common.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/training/predictor.h"
#include "kernels/common/device.h"
#include "kernels/common/precision.h"

namespace CLI {
class App;
}

namespace ebb::program {

struct ModelOptions {
  std::string model;
  std::string data;
  std::string delimiter;            // empty: found from the file, or the model's blanks
  std::optional<double> threshold;  // empty: the model's
  std::string device = "auto";
  int threads = 0;                     // 0: all
  std::optional<Precision> precision;  // empty: f32, whatever the training ran in
};

/// Declares --model, --data, --delimiter, --threshold, --device, --threads and --precision.
void declare_model_options(CLI::App& command, ModelOptions& options, const char* data_description);

/// The table and the model, whichever of its two names was given.
std::vector<std::string> files_read(const ModelOptions& options);

/// Where the network runs. Says so on `stream` if it is a GPU.
Device settle_device(const ModelOptions& options, std::FILE* stream);

/// The model's network. Throws DataError when its weights do not fit its pipeline,
/// UnsupportedError on a precision that this machine lacks.
churn::Predictor make_predictor(const churn::ModelFile& model, const ModelOptions& options);

/// What the predictor, which is the model's, gives for these rows, calibrated as the model says.
/// Throws DataError, which names the model, when weights that are finite but far too large make NaN
/// of a row.
std::vector<float> probabilities(churn::Predictor& predictor, const churn::ModelFile& model,
                                 const preprocessing::EncodedRows& rows,
                                 const ModelOptions& options);

}  // namespace ebb::program
