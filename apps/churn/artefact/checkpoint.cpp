#include "apps/churn/artefact/checkpoint.h"

#include "apps/churn/artefact/artefact_metadata.h"
#include "apps/churn/artefact/history.h"
#include "apps/churn/artefact/named_tensors.h"
#include "apps/churn/config/config_file.h"

namespace ebb::churn {
namespace {

// Beside the trainer's own tensors, whose names begin otherwise.
constexpr std::string_view kHistory = "run/history";

/// Calls visit(name, number) for every number of the state beside tensors and history.
template <class State, class Visit>
void visit_numbers(State& state, Visit visit) {
  visit("steps_done", state.steps_done);
  const auto visit_progress = [&](const std::string& name, auto& progress) {
    visit(name + ".best", progress.best);
    visit(name + ".observations", progress.observations);
    visit(name + ".best_observation", progress.best_observation);
    visit(name + ".without_improvement", progress.without_improvement);
  };
  visit_progress("progress", state.progress);
  visit_progress("plateau.progress", state.plateau.progress);
  visit("plateau.scale", state.plateau.scale);
  visit("plateau.cooldown_left", state.plateau.cooldown_left);
}

void read_number(const MetadataReader& metadata, const std::string& name, double& value) {
  value = metadata.number(name);
}

void read_number(const MetadataReader& metadata, const std::string& name, std::int64_t& value) {
  value = metadata.whole_number(name);
  if (value < 0) metadata.refuse(name, fmt::format("{}, expected a count", value));
}

std::vector<EpochRecord> take_history(std::map<std::string, Tensor>& tensors,
                                      const std::string& file) {
  const auto node = tensors.extract(std::string(kHistory));
  if (node.empty()) fail<DataError>("{}: the tensor \"{}\" is missing", file, kHistory);
  try {
    return history_of(node.mapped());
  } catch (const DataError& error) {
    fail<DataError>("{}: {}", file, error.what());
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const TrainerState& state = checkpoint.state;
  SafetensorsMetadata metadata =
      new_metadata(kCheckpointFormat, checkpoint.config.training.precision);
  metadata["config"] = to_toml(checkpoint.config, TomlComments::none);
  metadata["data_fingerprint"] = checkpoint.data_fingerprint;
  visit_numbers(state, [&](const std::string& name, auto value) {
    metadata[name] = fmt::format("{}", value);  // an f64 in its shortest exact form
  });
  std::map<std::string, Tensor> tensors = state.tensors;
  tensors[std::string(kHistory)] = history_tensor(state.history);
  write_safetensors(path, entries_of(tensors), metadata);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const MetadataReader metadata(path, file, kCheckpointFormat);
  Checkpoint checkpoint;
  checkpoint.config = metadata.parsed(
      "config", [](const std::string& text) { return parse_config(text, "settings"); });
  checkpoint.data_fingerprint = metadata.text("data_fingerprint");
  checkpoint.build = metadata.build();

  TrainerState& state = checkpoint.state;
  visit_numbers(state,
                [&](const std::string& name, auto& value) { read_number(metadata, name, value); });
  state.tensors = tensors_of(file.entries());
  state.history = take_history(state.tensors, path.string());
  if (static_cast<std::int64_t>(state.history.size()) != state.progress.observations) {
    metadata.refuse("progress.observations",
                    fmt::format("{}, but the history has {} epochs", state.progress.observations,
                                state.history.size()));
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
