// An unfinished training in one file: all that resuming needs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/churn/artefact/build_info.h"
#include "apps/churn/config/run_config.h"
#include "apps/churn/training/trainer.h"

namespace ebb::churn {

struct Checkpoint {
  RunConfig config;
  std::string data_fingerprint;  // PreparedData::fingerprint
  TrainerState state;
  BuildInfo build;  // set on loading
};

/// Writes the safetensors file as write_safetensors does, every f64 of the state to the bit. Throws
/// IoError when it cannot be written.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws IoError if the file cannot be read, and DataError, which names the file and the reason,
/// if it is damaged, of another format or version, or incomplete.
Checkpoint load_checkpoint(const std::filesystem::path& path);

/// Throws DataError unless a run with these settings and data is the one that `folder` holds; it
/// names what changed, with old and new values. Settings on which results do not depend may change
/// (see changed_settings).
void require_same_run(const std::filesystem::path& folder, const RunConfig& saved_config,
                      const std::string& saved_fingerprint, const RunConfig& config,
                      const std::string& fingerprint);

/// A sentence if a training that `saved` began cannot go on bit for bit in `current`; else empty.
std::string build_warning(const BuildInfo& saved, const BuildInfo& current);

}  // namespace ebb::churn
