// ebb train: from a customer table to a model folder.
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/config/device_choice.h"
#include "apps/churn/explanation/background.h"
#include "apps/churn/training/divergence.h"
#include "apps/churn/training/logistic_baseline.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/dry_run.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/kept_folder.h"
#include "apps/ebb/output.h"
#include "apps/ebb/shell.h"
#include "apps/ebb/train_arguments.h"
#include "apps/ebb/training_loop.h"
#include "apps/ebb/training_summary.h"
#include "kernels/common/context.h"

namespace ebb::program {
namespace {

// Before anything is opened: neither the model's files nor the log take the place of an input.
void protect_inputs(const TrainArguments& arguments, const churn::RunConfig& config) {
  const std::vector<std::string> tables = {config.data.path, config.split.test_data};
  const std::filesystem::path folder(arguments.out);
  std::vector<std::string> kept = tables;
  kept.push_back(arguments.config_file);
  for (const char* name : churn::kRunFiles) {
    refuse_replacing("--out", folder / name, tables);
    kept.push_back((folder / name).string());
  }
  refuse_replacing("--log-steps", arguments.step_log, kept);
}

churn::ExistingRun existing_run(const TrainArguments& arguments) {
  if (arguments.resume) return churn::ExistingRun::resume;
  return arguments.overwrite ? churn::ExistingRun::overwrite : churn::ExistingRun::refuse;
}

std::string absolute_path(const std::string& path) {
  if (path.empty() || path == "-") return path;
  return std::filesystem::absolute(path).lexically_normal().string();
}

// As config.toml keeps it: `--config model/config.toml` works from any folder.
churn::RunConfig with_absolute_paths(churn::RunConfig config) {
  config.data.path = absolute_path(config.data.path);
  config.split.test_data = absolute_path(config.split.test_data);
  return config;
}

churn::TrainingReport measure(const churn::RunConfig& config, const churn::PreparedData& data,
                              const churn::Trainer& trainer) {
  return churn::report_on_training(churn::network_scores(config, data, trainer.best_weights()),
                                   churn::fit_logistic_baseline(data, config.runtime), data,
                                   config.decision);
}

void write_model(const churn::RunFolder& folder, const churn::RunConfig& config,
                 const churn::PreparedData& data, const churn::Trainer& trainer,
                 const churn::TrainingReport& report) {
  churn::ModelFile model;
  model.config = churn::without_location(config);
  model.pipeline = data.pipeline;
  model.weights = trainer.best_weights();
  model.calibration = report.network.decision.calibration;
  model.threshold = report.network.decision.threshold;
  model.background = churn::draw_background(data.train.features, config.training.seed);
  model.training_base_rate = data.training_base_rate;
  model.metrics =
      metrics_json(config, data, trainer.parameter_count(), trainer.history(), report).dump();
  model.data_fingerprint = data.fingerprint;
  folder.finish(model, trainer.history());
}

void print_next(const std::string& out) {
  fmt::print("written   {}: {}\n", out, fmt::join(churn::kRunFiles, ", "));
  fmt::print("next      ebb predict --model {} --data new.csv --out scores.csv\n",
             shell_quoted(out));
}

ExitCode explain_interrupt(const TrainArguments& arguments, const churn::Trainer& trainer) {
  const std::size_t epochs = trainer.history().size();
  const std::string kept = epochs == 0 ? "before the first epoch was done"
                                       : fmt::format("with a checkpoint after epoch {}", epochs);
  fmt::print("interrupted {}; go on with\n  {}\n", kept, command_that_resumes(arguments));
  return ExitCode::interrupted;
}

void restore(churn::Trainer& trainer, const churn::TrainerState& state,
             const churn::RunFolder& folder) {
  try {
    trainer.restore(state);
  } catch (const DataError& error) {
    fail<DataError>("{}: {}; start anew with --overwrite",
                    (folder.path() / churn::kCheckpointName).string(), error.what());
  }
}

[[noreturn]] void explain_divergence(const TrainArguments& arguments, const churn::Trainer& trainer,
                                     const churn::DivergenceError& error) {
  const std::size_t epochs = trainer.history().size();
  const std::string kept = epochs == 0 ? "No epoch was finished"
                                       : fmt::format("The checkpoint after epoch {} is kept in {}",
                                                     epochs, arguments.out);
  fail<DataError>("{}. {}; --resume with the same settings would diverge at the same step",
                  error.what(), kept);
}

bool run_epochs_or_explain(const TrainArguments& arguments, churn::Trainer& trainer,
                           const churn::RunFolder& folder, std::int64_t epochs, PeakGauge* peak,
                           StepLog& log, const InterruptGuard& interrupt) {
  try {
    log.start();
    return run_epochs(trainer, folder, epochs, peak, log, interrupt);
  } catch (const churn::DivergenceError& error) {
    explain_divergence(arguments, trainer, error);
  }
}

/// Nothing where a signal ended it, or came meanwhile.
std::optional<churn::PreparedData> read_data(const churn::RunConfig& settings,
                                             const InterruptGuard& interrupt) {
  return unless_interrupted(interrupt, [&] {
    churn::PreparedData data = churn::prepare_data(
        settings, churn::choose_device(settings.runtime.device), [&] { interrupt.stop_here(); });
    interrupt.stop_here();
    return data;
  });
}

ExitCode train(const TrainArguments& arguments) {
  const churn::RunConfig settings = run_config(arguments);
  set_default_threads(settings.runtime.threads);  // also for reading the table
  if (arguments.dry_run) {
    dry_run(settings);
    return ExitCode::ok;
  }
  protect_inputs(arguments, settings);
  const InterruptGuard interrupt;
  churn::RunFolder folder(arguments.out, existing_run(arguments));
  const std::optional<churn::PreparedData> prepared = read_data(settings, interrupt);
  if (!prepared) {
    fmt::print("interrupted before the training began: nothing was written\n");
    return ExitCode::interrupted;
  }
  const churn::PreparedData& data = *prepared;
  const churn::RunConfig config = churn::settled(settings, data);
  // Before the folder is touched, so that it stays as it was if settings fit no network or the log
  // cannot be written.
  churn::Trainer trainer(config, data);
  StepLog log(arguments.step_log);
  const churn::RunStart start = folder.start(with_absolute_paths(config), data.fingerprint);
  for (const std::string& note : start.notes) fmt::print("note      {}\n", note);
  if (start.is_finished) return ExitCode::ok;

  print_data(config, data);
  const std::unique_ptr<PeakGauge> peak = peak_of(config);
  print_network(config, trainer, peak.get());
  if (peak) warn_of_cost(config, data, trainer, peak->gflops());
  if (start.state) {
    restore(trainer, *start.state, folder);
    fmt::print("resumed   after epoch {} of {}\n", trainer.history().size(),
               config.training.epochs);
  }
  flush_standard_output();
  if (!run_epochs_or_explain(arguments, trainer, folder, config.training.epochs, peak.get(), log,
                             interrupt)) {
    return explain_interrupt(arguments, trainer);
  }
  const churn::TrainingReport report = measure(config, data, trainer);
  if (interrupt.requested()) return explain_interrupt(arguments, trainer);
  write_model(folder, config, data, trainer, report);
  print_report(config, data, report);
  warn_if_useless(report);
  print_next(arguments.out);
  return ExitCode::ok;
}

}  // namespace

void add_train(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line) {
  CLI::App* command = program.add_subcommand("train", "Train a model on a customer table");
  auto arguments = std::make_shared<TrainArguments>();
  arguments->command_line = command_line;
  declare_train_options(*command, *arguments);
  command->callback([&chosen, arguments] { chosen = [arguments] { return train(*arguments); }; });
}

}  // namespace ebb::program
