#include "apps/churn/artefact/run_folder.h"

#include <system_error>

#include <nlohmann/json.hpp>

#include "apps/churn/artefact/history.h"
#include "apps/churn/config/config_file.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

namespace fs = std::filesystem;

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) fail<IoError>("{}: cannot be removed: {}", path.string(), error.message());
}

/// load(path), which, if the file is damaged or foreign, fails with how to go on.
template <class File>
File load_to_resume(File (*load)(const fs::path&), const fs::path& path) {
  try {
    return load(path);
  } catch (const DataError& error) {
    fail<DataError>(
        "{}\nThe run cannot go on with this file: put a sound copy in its place, or remove it and "
        "use --resume again, or start anew with --overwrite",
        error.what());
  }
}

}  // namespace

RunFolder::RunFolder(const fs::path& path, ExistingRun existing)
    : folder_(path), existing_(existing) {
  if (fs::exists(path / kEnsembleName)) {
    fail<DataError>("{}: the folder holds an ensemble: choose another --out", path.string());
  }
  if (existing_ == ExistingRun::refuse) refuse_existing();
  check_writable();
}

void RunFolder::check_writable() const {
  // Opening a temporary shows that files can be made, and removes those that a kill left behind.
  for (const char* name : kRunFiles) const AtomicFile file(path() / name);
}

void RunFolder::refuse_existing() const {
  const bool is_finished = fs::exists(path() / kModelName);
  if (is_finished || fs::exists(path() / kCheckpointName)) {
    fail<DataError>(
        "{}: the folder holds {}: use --resume to go on with it, --overwrite to replace it, or "
        "choose another --out",
        path().string(), is_finished ? "a trained model" : "an unfinished run");
  }
  for (const char* name : kRunFiles) {
    if (!fs::exists(path() / name)) continue;
    fail<DataError>(
        "{}: the folder holds a {}, which the training would replace: use --overwrite if it may, "
        "or choose another --out",
        path().string(), name);
  }
}

RunStart RunFolder::start(const RunConfig& config, const std::string& data_fingerprint) {
  config_ = config;
  data_fingerprint_ = data_fingerprint;
  folder_.check_in_place();
  if (existing_ == ExistingRun::resume) return resume();
  // So that nobody goes on with the former run. Its model stays until the new one replaces it.
  remove_file(path() / kCheckpointName);
  folder_.sync();
  return {};
}

bool RunFolder::is_same_run(const RunConfig& config, const std::string& data_fingerprint) const {
  return changed_settings(config, config_).empty() && data_fingerprint == data_fingerprint_;
}

RunStart RunFolder::resume() {
  const fs::path checkpoint_path = path() / kCheckpointName;
  std::optional<Checkpoint> checkpoint;
  if (fs::exists(checkpoint_path)) checkpoint = load_to_resume(load_checkpoint, checkpoint_path);
  if (fs::exists(path() / kModelName)) {
    const ModelFile model = load_to_resume(load_model, path() / kModelName);
    // Else it is the model of a former run, which stays until this one is finished.
    if (is_same_run(model.config, model.data_fingerprint) &&
        (!checkpoint || model.build == checkpoint->build ||
         !is_same_run(checkpoint->config, checkpoint->data_fingerprint))) {
      return {.is_finished = true,
              .state = {},
              .notes = {fmt::format("the run in {} is finished", path().string())}};
    }
    if (!checkpoint) {
      require_same_run(path(), model.config, model.data_fingerprint, config_, data_fingerprint_);
    }
  }
  RunStart start;
  if (!checkpoint) {
    start.notes.push_back(
        fmt::format("there is no checkpoint in {}: the training starts anew", path().string()));
    return start;
  }
  require_same_run(path(), checkpoint->config, checkpoint->data_fingerprint, config_,
                   data_fingerprint_);
  if (std::string warning =
          build_warning(checkpoint->build, this_build(config_.training.precision));
      !warning.empty()) {
    start.notes.push_back(std::move(warning));
  }
  start.state = std::move(checkpoint->state);
  return start;
}

void RunFolder::save_checkpoint(const TrainerState& state) const {
  folder_.write([&](const fs::path& folder) {
    churn::save_checkpoint(folder / kCheckpointName, {config_, data_fingerprint_, state, {}});
  });
}

void RunFolder::finish(const ModelFile& model, const std::vector<EpochRecord>& history) const {
  folder_.write([&](const fs::path& folder) {
    const auto write = [&](const char* name, const std::string& text) {
      write_file_atomically(folder / name, std::string_view(text));
    };
    write(kPipelineName, model.pipeline.to_json().dump(2) + '\n');
    write(kConfigName, to_toml(config_));
    write(kMetricsName, nlohmann::ordered_json::parse(model.metrics).dump(2) + '\n');
    write(kHistoryName, history_csv(history));
    save_model(folder / kModelName, model);
  });
}

}  // namespace ebb::churn
