// A trained model as commands see it that score customers: one network, or several that are
// combined.
//
// The folder of an ensemble:
//   ensemble.json                  how members are combined, and all that is the ensemble's own
//   members/00/model.safetensors   the members, each a model folder of its own, from 00 on
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/fusion/combination.h"
#include "preprocessing/csv/csv_reader.h"

namespace ebb::churn {

struct CustomerModel {
  std::vector<ModelFile> members;  // at least one
  Combination combination;         // of the members' calibrated probabilities
  ScoreCalibration calibration;    // of what that gives, before the threshold
  ThresholdChoice threshold;
  double training_base_rate = 0.0;
  RunConfig config;            // of the training, without_location(); of an ensemble, the first's
  std::string metrics = "{}";  // JSON
  std::string data_fingerprint;

  [[nodiscard]] const preprocessing::Pipeline& pipeline() const { return members.front().pipeline; }
};

/// members/00 and so on.
std::filesystem::path member_folder(const std::filesystem::path& folder, std::size_t member);

/// Writes ensemble.json, of members whose files are in the folder. Throws IoError.
void save_ensemble(const std::filesystem::path& folder, const CustomerModel& model);

/// Reads a model as load_model does, or an ensemble's folder. Throws as load_model; DataError that
/// names the file, too, for a member that is another than the ensemble was made of.
CustomerModel load_customer_model(const std::filesystem::path& path);

/// As open_new_rows, for all members. Throws DataError, too, where two read a column as different
/// kinds.
preprocessing::CsvReader open_new_rows(const std::filesystem::path& path,
                                       const CustomerModel& model,
                                       std::span<const std::string> texts,
                                       std::optional<char> delimiter,
                                       std::span<const std::string> required = {});

/// As rows_per_chunk, for all members.
std::size_t rows_per_chunk(const CustomerModel& model);

}  // namespace ebb::churn
