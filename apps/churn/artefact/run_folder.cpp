#include "apps/churn/artefact/run_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "apps/churn/artefact/history.h"
#include "apps/churn/config/config_file.h"
#include "engine/io/atomic_file.h"

namespace ebb::churn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCopies[] = {kPipelineName, kConfigName, kMetricsName, kHistoryName};

std::string reason(int error) { return std::generic_category().message(error); }

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) fail<IoError>("{}: cannot be removed: {}", path.string(), error.message());
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
    if (existing_ == ExistingRun::refuse) refuse_existing();
    check_writable();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RunFolder::~RunFolder() {
  // Refused data or settings leave no trace; rmdir keeps a folder that holds anything.
  if (is_new_) ::rmdir(path_.c_str());
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

void RunFolder::check_writable() const {
  // Opening a temporary shows that files can be made, and removes those that a kill left behind.
  const AtomicFile model(path_ / kModelName);
  const AtomicFile checkpoint(path_ / kCheckpointName);
  for (const char* name : kCopies) const AtomicFile copy(path_ / name);
}

void RunFolder::refuse_existing() const {
  const bool is_finished = fs::exists(path_ / kModelName);
  if (!is_finished && !fs::exists(path_ / kCheckpointName)) return;
  fail<DataError>(
      "{}: the folder holds {}: use --resume to go on with it, --overwrite to replace it, or "
      "choose another --out",
      path_.string(), is_finished ? "a trained model" : "an unfinished run");
}

void RunFolder::remove_former_run() const {
  if (!fs::exists(path_ / kModelName) && !fs::exists(path_ / kCheckpointName)) return;
  // The model goes first and for good, so that it is never found beside a newer checkpoint.
  remove_file(path_ / kModelName);
  ::fsync(descriptor_);
  remove_file(path_ / kCheckpointName);
  // config.toml stays: it may be the --config of this very run.
  for (const char* name : {kPipelineName, kMetricsName, kHistoryName}) remove_file(path_ / name);
  ::fsync(descriptor_);
}

RunStart RunFolder::start(const RunConfig& config, const std::string& data_fingerprint) {
  config_ = config;
  data_fingerprint_ = data_fingerprint;
  if (existing_ == ExistingRun::resume) return resume();
  remove_former_run();
  return {};
}

RunStart RunFolder::resume() {
  RunStart start;
  if (fs::exists(path_ / kModelName)) {
    const ModelFile model = load_model(path_);
    require_same_run(path_, model.config, model.data_fingerprint, config_, data_fingerprint_);
    start.is_finished = true;
    start.notes.push_back(fmt::format("the run in {} is finished", path_.string()));
    return start;
  }
  if (!fs::exists(path_ / kCheckpointName)) {
    start.notes.push_back(
        fmt::format("there is no checkpoint in {}: the training starts anew", path_.string()));
    remove_former_run();
    return start;
  }
  Checkpoint checkpoint = load_checkpoint(path_ / kCheckpointName);
  require_same_run(path_, checkpoint.config, checkpoint.data_fingerprint, config_,
                   data_fingerprint_);
  if (std::string warning = build_warning(checkpoint.build, this_build(config_.training.precision));
      !warning.empty()) {
    start.notes.push_back(std::move(warning));
  }
  start.state = std::move(checkpoint.state);
  return start;
}

void RunFolder::save_checkpoint(const TrainerState& state) const {
  churn::save_checkpoint(path_ / kCheckpointName, {config_, data_fingerprint_, state, {}});
}

void RunFolder::finish(const ModelFile& model, const std::vector<EpochRecord>& history) const {
  const auto write = [&](const char* name, const std::string& text) {
    write_file_atomically(path_ / name, std::string_view(text));
  };
  write(kPipelineName, model.pipeline.to_json().dump(2) + '\n');
  write(kConfigName, to_toml(config_));
  write(kMetricsName, nlohmann::ordered_json::parse(model.metrics).dump(2) + '\n');
  write(kHistoryName, history_csv(history));
  save_model(path_ / kModelName, model);
}

}  // namespace ebb::churn
