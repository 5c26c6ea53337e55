#include "apps/churn/artefact/run_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "apps/churn/artefact/history.h"
#include "apps/churn/config/config_file.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/system_error.h"

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
    : path_(path), existing_(existing) {
  std::error_code error;
  is_new_ = fs::create_directories(path_, error);
  if (error || !fs::is_directory(path_)) {
    fail<IoError>("{}: the folder cannot be made: {}; choose another --out", path_.string(),
                  error ? error.message() : "a file of that name exists");
  }
  lock();
  try {
    check_in_place();
    if (existing_ == ExistingRun::refuse) refuse_existing();
    check_writable();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RunFolder::~RunFolder() {
  // Refused data or settings leave no trace; rmdir keeps a folder that holds anything.
  if (is_new_ && is_in_place()) ::rmdir(path_.c_str());
  ::close(descriptor_);
}

void RunFolder::lock() {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) {
    fail<IoError>("{}: the folder cannot be opened: {}", path_.string(), reason(errno));
  }
  // Other errors than a held lock come from file systems without locks.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(descriptor_);
    fail<IoError>(
        "{}: another process trains into this folder: wait for it, or choose another --out",
        path_.string());
  }
}

bool RunFolder::is_in_place() const {
  struct stat locked = {};
  struct stat named = {};
  return ::fstat(descriptor_, &locked) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

void RunFolder::check_in_place() const {
  if (is_in_place()) return;
  fail<IoError>(
      "{}: the folder was removed, renamed or replaced by another during the training, and nothing "
      "was written to what has that name now; rename it back, or use its new name, with --resume, "
      "or start anew",
      path_.string());
}

void RunFolder::check_writable() const {
  // Opening a temporary shows that files can be made, and removes those that a kill left behind.
  for (const char* name : kRunFiles) const AtomicFile file(path_ / name);
}

void RunFolder::refuse_existing() const {
  const bool is_finished = fs::exists(path_ / kModelName);
  if (is_finished || fs::exists(path_ / kCheckpointName)) {
    fail<DataError>(
        "{}: the folder holds {}: use --resume to go on with it, --overwrite to replace it, or "
        "choose another --out",
        path_.string(), is_finished ? "a trained model" : "an unfinished run");
  }
  for (const char* name : kRunFiles) {
    if (!fs::exists(path_ / name)) continue;
    fail<DataError>(
        "{}: the folder holds a {}, which the training would replace: use --overwrite if it may, "
        "or choose another --out",
        path_.string(), name);
  }
}

RunStart RunFolder::start(const RunConfig& config, const std::string& data_fingerprint) {
  config_ = config;
  data_fingerprint_ = data_fingerprint;
  check_in_place();
  if (existing_ == ExistingRun::resume) return resume();
  // So that nobody goes on with the former run. Its model stays until the new one replaces it.
  remove_file(path_ / kCheckpointName);
  ::fsync(descriptor_);
  return {};
}

bool RunFolder::is_same_run(const RunConfig& config, const std::string& data_fingerprint) const {
  return changed_settings(config, config_).empty() && data_fingerprint == data_fingerprint_;
}

RunStart RunFolder::resume() {
  const fs::path checkpoint_path = path_ / kCheckpointName;
  std::optional<Checkpoint> checkpoint;
  if (fs::exists(checkpoint_path)) checkpoint = load_to_resume(load_checkpoint, checkpoint_path);
  if (fs::exists(path_ / kModelName)) {
    const ModelFile model = load_to_resume(load_model, path_ / kModelName);
    // Else it is the model of a former run, which stays until this one is finished.
    if (is_same_run(model.config, model.data_fingerprint) &&
        (!checkpoint || model.build == checkpoint->build ||
         !is_same_run(checkpoint->config, checkpoint->data_fingerprint))) {
      return {.is_finished = true,
              .state = {},
              .notes = {fmt::format("the run in {} is finished", path_.string())}};
    }
    if (!checkpoint) {
      require_same_run(path_, model.config, model.data_fingerprint, config_, data_fingerprint_);
    }
  }
  RunStart start;
  if (!checkpoint) {
    start.notes.push_back(
        fmt::format("there is no checkpoint in {}: the training starts anew", path_.string()));
    return start;
  }
  require_same_run(path_, checkpoint->config, checkpoint->data_fingerprint, config_,
                   data_fingerprint_);
  if (std::string warning =
          build_warning(checkpoint->build, this_build(config_.training.precision));
      !warning.empty()) {
    start.notes.push_back(std::move(warning));
  }
  start.state = std::move(checkpoint->state);
  return start;
}

// Writes by the descriptor that holds the lock, so that a folder which takes the name meanwhile
// gets nothing.
template <class Write>
void RunFolder::write_in_place(Write&& write) const {
  check_in_place();
  const std::string locked = fmt::format("/proc/self/fd/{}", descriptor_);
  const bool has_proc = fs::is_directory(locked);
  try {
    write(has_proc ? fs::path(locked) : path_);
    check_in_place();
  } catch (const IoError& error) {
    check_in_place();  // which says more, if that is why
    std::string message = error.what();
    if (message.starts_with(locked)) message.replace(0, locked.size(), path_.string());
    fail<IoError>("{}", message);
  }
}

void RunFolder::save_checkpoint(const TrainerState& state) const {
  write_in_place([&](const fs::path& folder) {
    churn::save_checkpoint(folder / kCheckpointName, {config_, data_fingerprint_, state, {}});
  });
}

void RunFolder::finish(const ModelFile& model, const std::vector<EpochRecord>& history) const {
  write_in_place([&](const fs::path& folder) {
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
