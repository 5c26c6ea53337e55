// The folder of a training run: what ebb train --out makes and ebb predict reads.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/artefact/checkpoint.h"
#include "apps/churn/artefact/locked_folder.h"
#include "apps/churn/artefact/model_file.h"

namespace ebb::churn {

// Files of a run folder. Only the first two are read by ebb; the others are copies for people.
inline constexpr const char* kModelName = "model.safetensors";
inline constexpr const char* kCheckpointName = "checkpoint.safetensors";
inline constexpr const char* kPipelineName = "pipeline.json";
inline constexpr const char* kConfigName = "config.toml";
inline constexpr const char* kMetricsName = "metrics.json";
inline constexpr const char* kHistoryName = "history.csv";
inline constexpr std::array kRunFiles = {kModelName,  kCheckpointName, kPipelineName,
                                         kConfigName, kMetricsName,    kHistoryName};

// Of an ensemble (fusion/customer_model.h), whose members are run folders.
inline constexpr const char* kEnsembleName = "ensemble.json";
inline constexpr const char* kMembersName = "members";

/// What to do with a run that the folder holds already.
enum class ExistingRun { refuse, resume, overwrite };

/// How a run begins.
struct RunStart {
  bool is_finished = false;           // there is nothing to do
  std::optional<TrainerState> state;  // of the run to go on with; empty: a new one
  std::vector<std::string> notes;     // what the user should know, one sentence each
};

/// Keeps one run. Whenever the process or machine stops, the folder holds no model, or a whole one
/// of a finished run:
///   - a new run begins by removing the checkpoint of a former one, whose model stays;
///   - each file is written aside, synced and renamed, and the model comes last.
/// The folder is locked while the object lives.
class RunFolder {
 public:
  /// Opens the folder, and makes it if need be; removes what killed writes left behind. Throws
  /// IoError if it cannot be made or written to, or another process has it locked; DataError if it
  /// holds a file that a run writes and `existing` is refuse. Does not change a run yet.
  RunFolder(const std::filesystem::path& path, ExistingRun existing);
  /// Called once the data are known. Resuming, it gives the state to go on from, or says that the
  /// run is finished, or, with a note, begins anew where there is no checkpoint; throws DataError
  /// if settings or data have changed (see require_same_run) or a file is damaged. Else it removes
  /// the checkpoint of a former run and begins anew.
  RunStart start(const RunConfig& config, const std::string& data_fingerprint);

  /// Replaces the checkpoint: once per finished epoch.
  void save_checkpoint(const TrainerState& state) const;

  /// Writes the copies for people and then the model. `model.metrics` becomes metrics.json.
  void finish(const ModelFile& model, const std::vector<EpochRecord>& history) const;

  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  void check_writable() const;
  void refuse_existing() const;
  bool is_same_run(const RunConfig& config, const std::string& data_fingerprint) const;
  RunStart resume();

  LockedFolder folder_;
  ExistingRun existing_;
  RunConfig config_;
  std::string data_fingerprint_;
};

}  // namespace ebb::churn
