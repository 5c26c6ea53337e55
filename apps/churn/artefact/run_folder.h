// The folder of a training run: what ebb train --out makes and ebb predict reads.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/artefact/checkpoint.h"
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
/// The folder is locked while the object lives. Once it has been removed, renamed or replaced,
/// every member that would write to it throws IoError instead: the lock is on the folder, not on
/// its name.
class RunFolder {
 public:
  /// Opens the folder, and makes it if need be; removes what killed writes left behind. Throws
  /// IoError if it cannot be made or written to, or another process trains into it; DataError if it
  /// holds a file that a run writes and `existing` is refuse. Does not change a run yet.
  RunFolder(const std::filesystem::path& path, ExistingRun existing);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  /// Removes the folder if it was made here and holds nothing.
  ~RunFolder();

  /// Called once the data are known. Resuming, it gives the state to go on from, or says that the
  /// run is finished, or, with a note, begins anew where there is no checkpoint; throws DataError
  /// if settings or data have changed (see require_same_run) or a file is damaged. Else it removes
  /// the checkpoint of a former run and begins anew.
  RunStart start(const RunConfig& config, const std::string& data_fingerprint);

  /// Replaces the checkpoint: once per finished epoch.
  void save_checkpoint(const TrainerState& state) const;

  /// Writes the copies for people and then the model. `model.metrics` becomes metrics.json.
  void finish(const ModelFile& model, const std::vector<EpochRecord>& history) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  void lock();
  void check_writable() const;
  void refuse_existing() const;
  bool is_in_place() const;
  void check_in_place() const;
  template <class Write>
  void write_in_place(Write&& write) const;
  bool is_same_run(const RunConfig& config, const std::string& data_fingerprint) const;
  RunStart resume();

  std::filesystem::path path_;
  ExistingRun existing_;
  bool is_new_ = false;  // the folder was made here
  int descriptor_ = -1;  // of the folder, which holds the lock
  RunConfig config_;
  std::string data_fingerprint_;
};

}  // namespace ebb::churn
