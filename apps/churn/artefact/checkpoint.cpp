#include "apps/churn/artefact/checkpoint.h"

#include "apps/churn/artefact/artefact_metadata.h"
#include "apps/churn/artefact/history.h"
#include "apps/churn/artefact/named_tensors.h"
#include "apps/churn/config/config_file.h"

namespace ebb::churn {
namespace {

// Beside the trainer's own tensors, whose names begin otherwise.
constexpr std::string_view kHistory = "run/history";
constexpr std::string_view kScheduleState = "run/schedule_state";

Tensor take(std::map<std::string, Tensor>& tensors, std::string_view name,
            const std::string& file) {
  const auto node = tensors.extract(std::string(name));
  if (node.empty()) fail<DataError>("{}: the tensor \"{}\" is missing", file, name);
  return node.mapped();
}

std::vector<double> schedule_state_of(const Tensor& tensor, const std::string& file) {
  if (tensor.dtype() != DType::f64 || tensor.rank() != 1) {
    fail<DataError>("{}: the tensor \"{}\" is {} of {}, expected [numbers] of f64", file,
                    kScheduleState, to_string(tensor.shape()), name_of(tensor.dtype()));
  }
  const std::span<double> values = tensor.values<double>();
  return {values.begin(), values.end()};
}

std::int64_t read_count(const MetadataReader& metadata, std::string_view name) {
  const std::int64_t count = metadata.whole_number(name);
  if (count < 0) metadata.refuse(name, fmt::format("{}, expected a count", count));
  return count;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const TrainerState& state = checkpoint.state;
  SafetensorsMetadata metadata = new_metadata(kCheckpointFormat);
  metadata["config"] = to_toml(checkpoint.config, TomlComments::none);
  metadata["data_fingerprint"] = checkpoint.data_fingerprint;
  metadata["epochs_done"] = fmt::format("{}", state.epochs_done);
  metadata["steps_done"] = fmt::format("{}", state.steps_done);
  metadata["best_epoch"] = fmt::format("{}", state.best_epoch);
  metadata["best_score"] = spell_number(state.best_score);

  std::map<std::string, Tensor> tensors = state.tensors;
  tensors[std::string(kHistory)] = history_tensor(state.history);
  tensors[std::string(kScheduleState)] = Tensor::from_values(
      {static_cast<std::int64_t>(state.schedule_state.size())}, state.schedule_state);
  write_safetensors(path, entries_of(tensors), metadata);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const std::string name = path.string();
  const SafetensorsFile file(path);
  const MetadataReader metadata(path, file, kCheckpointFormat);
  Checkpoint checkpoint;
  checkpoint.config = metadata.parsed(
      "config", [](const std::string& text) { return parse_config(text, "settings"); });
  checkpoint.data_fingerprint = metadata.text("data_fingerprint");
  checkpoint.build = metadata.build();

  TrainerState& state = checkpoint.state;
  state.epochs_done = read_count(metadata, "epochs_done");
  state.steps_done = read_count(metadata, "steps_done");
  state.best_epoch = read_count(metadata, "best_epoch");
  state.best_score = metadata.number("best_score");
  state.tensors = tensors_of(file.entries());
  try {
    state.history = history_of(take(state.tensors, kHistory, name));
  } catch (const DataError& error) {
    fail<DataError>("{}: {}", name, error.what());
  }
  state.schedule_state = schedule_state_of(take(state.tensors, kScheduleState, name), name);
  if (static_cast<std::int64_t>(state.history.size()) != state.epochs_done) {
    metadata.refuse("epochs_done", fmt::format("{}, but the history has {} epochs",
                                               state.epochs_done, state.history.size()));
  }
  return checkpoint;
}

void require_same_run(const std::filesystem::path& folder, const RunConfig& saved_config,
                      const std::string& saved_fingerprint, const RunConfig& config,
                      const std::string& fingerprint) {
  std::string changes;
  for (const std::string& change : changed_settings(saved_config, config)) {
    changes += fmt::format("\n  {}", change);
  }
  if (saved_fingerprint != fingerprint) {
    changes += fmt::format("\n  contents of the data: {} -> {}", saved_fingerprint, fingerprint);
  }
  if (changes.empty()) return;
  fail<DataError>(
      "{}: the run cannot be resumed, since this has changed:{}\nUndo it, or train into another "
      "--out folder, or start anew with --overwrite",
      folder.string(), changes);
}

std::string build_warning(const BuildInfo& saved, const BuildInfo& current) {
  if (saved == current) return {};
  return fmt::format(
      "the run began with {} and goes on with {}: its last bits may differ from those of an "
      "uninterrupted run",
      to_string(saved), to_string(current));
}

}  // namespace ebb::churn
