// The options of `ebb train`, and how they change a configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/ebb/decision_options.h"

namespace CLI {
class App;
}

namespace ebb::program {

/// What the command line says; an option that was not given is empty.
struct TrainArguments {
  std::vector<std::string> command_line;  // the whole of it
  std::string out;
  std::string config_file;
  std::string preset;
  bool dry_run = false;
  bool resume = false;
  bool overwrite = false;
  bool detect_anomaly = false;
  bool cuda_graph = false;
  std::string step_log;

  std::optional<std::string> data;
  std::string delimiter;
  std::optional<std::string> target;
  std::optional<std::string> positive;
  std::optional<std::string> id_column;
  std::optional<std::string> weight_column;
  std::vector<std::string> drop_columns;

  std::optional<double> validation_fraction;
  std::optional<double> test_fraction;
  std::optional<std::string> test_data;
  std::optional<std::string> split_column;
  std::optional<std::string> split_group;
  std::optional<std::string> split_time;

  std::optional<std::int64_t> seed;
  std::optional<std::int64_t> epochs;
  std::optional<std::int64_t> batch_size;
  std::optional<Precision> precision;

  DecisionOptions decision;

  std::optional<std::string> device;
  std::optional<int> threads;
};

/// Declares the options on `command`, which fill `arguments` when it is parsed.
void declare_train_options(CLI::App& command, TrainArguments& arguments);

/// What measures a model: test rows, or folds, with which some options of the split make no sense.
enum class PartsToMeasure { test_rows, folds };

/// Declares those of the options that say what the configuration is.
void declare_settings(CLI::App& command, TrainArguments& arguments, PartsToMeasure parts);

/// The configuration that the file or preset gives, with the options over it. Throws UsageError on
/// options that exclude each other or that are missing, with the reason; DataError and IoError from
/// the file.
churn::RunConfig settings_of(const TrainArguments& arguments);
/// The same for a training, which needs --out.
churn::RunConfig run_config(const TrainArguments& arguments);

}  // namespace ebb::program
