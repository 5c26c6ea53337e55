#include "apps/ebb/train_arguments.h"

#include <limits>

#include <CLI/CLI.hpp>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/device_choice.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/device_option.h"
#include "apps/ebb/devices.h"
#include "apps/ebb/drop_columns_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/precision_option.h"
#include "apps/ebb/threads_option.h"
#include "apps/ebb/usage.h"
#include "engine/training/lanes.h"

namespace ebb::program {
namespace {

constexpr const char* kTrainFooter = R"(Examples:
  ebb train --data users.csv --target churn --out model/
      the recommended settings; 20 % of the rows measure the model
  ebb train --data users.csv --target churn --id-column user_id --dry-run
      what ebb makes of the columns, how large the model is and how long it will take
  ebb train --data users.csv.gz --target status --positive left --drop-columns name,email --out model/
  ebb train --data 2023.csv --test-data 2024.csv --target churn --out model/
  ebb train --data orders.csv --target churn --id-column user_id --split-group user_id --out model/
      no customer is both trained and tested on
  ebb train --data users.csv --target churn --objective cost --false-negative-cost 8 --out model/
  ebb train --data users.csv --target churn --objective profit --customer-value 300 --out model/
  ebb train --config model/config.toml --out again/
      repeats a run, bit for bit; --data, --seed and the like change one thing about it
  ebb train --data users.csv --target churn --out model/ --resume
      goes on after Ctrl-C or a crash, and ends with the weights of an uninterrupted run

Every setting, with what it means, stands in the config.toml of a trained model.
Exit codes: 0 success, 2 wrong command line, 3 bad data or configuration, 4 a file cannot be read or
written, 130 interrupted (continue with --resume if training had begun), 1 anything else.)";

void declare_data(CLI::App& command, TrainArguments& to) {
  command.add_option("--data", to.data, fmt::format("Customer table: {}", kTableFormats))
      ->type_name("FILE")
      ->group("Data");
  declare_delimiter(command, to.delimiter)->group("Data");
  command
      .add_option("--target", to.target,
                  "The label column: 0/1, yes/no, true/false, or see --positive")
      ->type_name("COLUMN")
      ->group("Data");
  command
      .add_option("--positive", to.positive,
                  "The class to predict, when the label has two other names")
      ->type_name("CLASS")
      ->group("Data");
  command.add_option("--id-column", to.id_column, "Names the customer; passed through to scores")
      ->type_name("COLUMN")
      ->group("Data");
  command
      .add_option("--weight-column", to.weight_column,
                  "What each training row counts for: numbers, 0 or more; no feature")
      ->type_name("COLUMN")
      ->group("Data");
  declare_drop_columns(command, to.drop_columns, "Columns that the model must not see")
      ->group("Data");
}

void declare_split(CLI::App& command, TrainArguments& to, PartsToMeasure parts) {
  const auto fraction = [&](const char* name, std::optional<double>& value, const char* text,
                            bool may_be_none) {
    command.add_option(name, value, text)
        ->transform(within(
            {.lowest = 0.0, .highest = 1.0, .open_lowest = !may_be_none, .open_highest = true}))
        ->type_name("SHARE")
        ->group("Split");
  };
  fraction("--validation-fraction", to.validation_fraction,
           "Of all rows: they choose the best epoch and the threshold (0.15)", false);
  const auto column = [&](const char* name, std::optional<std::string>& value, const char* text) {
    command.add_option(name, value, text)->type_name("COLUMN")->group("Split");
  };
  if (parts == PartsToMeasure::test_rows) {
    fraction("--test-fraction", to.test_fraction,
             "Of all rows: they measure the model (0.2; 0: no test rows)", true);
    command.add_option("--test-data", to.test_data, "A table of test rows instead")
        ->type_name("FILE")
        ->group("Split");
    column("--split-column", to.split_column, "A column with train, val or test instead");
  }
  column("--split-group", to.split_group,
         "Rows of one value stay in one part, as a customer's several rows must. The column is no "
         "feature, unless the --config file declares it a number or a category");
  column("--split-time", to.split_time,
         "Earlier rows train, later ones validate, the last ones test: a column of numbers, or of "
         "dates as 2024-03-31. No feature, unless declared");
}

void declare_training(CLI::App& command, TrainArguments& to) {
  command
      .add_option("--config", to.config_file, "Settings; options on the command line win over it")
      ->type_name("FILE")
      ->group("Training");
  command.add_option("--preset", to.preset, "Settings to start from; see below")
      ->check(parsed_by(churn::preset))
      ->type_name("NAME")
      ->group("Training");
  command.add_option("--seed", to.seed, "Of the split, first weights, order of rows, dropout (0)")
      ->transform(within<std::int64_t>(0, std::numeric_limits<std::int64_t>::max()))
      ->type_name("N")
      ->group("Training");
  command.add_option("--epochs", to.epochs, "Passes over the training rows (20)")
      ->transform(within<std::int64_t>(1, 1'000'000))
      ->type_name("N")
      ->group("Training");
  command
      .add_option("--batch-size", to.batch_size,
                  "Rows per step; 0: 16 to 128, by the number of training rows (0)")
      ->transform(within<std::int64_t>(0, 1'000'000))
      ->type_name("N")
      ->group("Training");
  declare_precision(command, to.precision, "Of products while training: ")->group("Training");
}

void declare_run(CLI::App& command, TrainArguments& to) {
  command.add_option("--out", to.out, "Folder for the model")->type_name("FOLDER")->group("Run");
  command.add_flag("--resume", to.resume, "Go on from the checkpoint in --out, if there is one")
      ->group("Run");
  command.add_flag("--overwrite", to.overwrite, "Replace the model in --out")->group("Run");
  command.add_flag("--dry-run", to.dry_run, "Show columns, size and time; train and write nothing")
      ->group("Run");
  command
      .add_flag("--detect-anomaly", to.detect_anomaly,
                "Stop at the first operation that makes NaN or inf, in every step; slower")
      ->group("Run");
  command
      .add_flag("--cuda-graph", to.cuda_graph,
                "On a CUDA device, record steps as CUDA graphs; the results are the same")
      ->group("Run");
  command.add_option("--log-steps", to.step_log, "Write the loss of every step to this CSV file")
      ->type_name("FILE")
      ->group("Run");
}

[[noreturn]] void refuse(std::string_view first, std::string_view second, std::string_view reason) {
  fail<UsageError>("{} and {} exclude each other: {}", first, second, reason);
}

void refuse_contradictions(const TrainArguments& from) {
  if (from.resume && from.overwrite) {
    refuse("--resume", "--overwrite", "one continues the run in --out, the other replaces it");
  }
  if (from.resume && from.dry_run) refuse("--resume", "--dry-run", "a dry run trains nothing");
  if (!from.config_file.empty() && !from.preset.empty()) {
    refuse("--config", "--preset",
           "both choose the starting point; a file may begin with preset = \"NAME\"");
  }
  if (from.test_data && from.test_fraction) {
    refuse("--test-data", "--test-fraction", "test rows come from one place");
  }
  constexpr std::string_view kOneWay = "one of them says where a row belongs";
  if (from.split_column && from.split_group) refuse("--split-column", "--split-group", kOneWay);
  if (from.split_column && from.split_time) refuse("--split-column", "--split-time", kOneWay);
  if (from.split_group && from.split_time) refuse("--split-group", "--split-time", kOneWay);
  if (from.split_column && from.test_data) {
    refuse("--split-column", "--test-data", "test rows come from one place");
  }
  if (from.split_column && (from.test_fraction || from.validation_fraction)) {
    refuse("--split-column", from.test_fraction ? "--test-fraction" : "--validation-fraction",
           "the column says where every row belongs");
  }
}

template <class Value, class Member>
void override_with(const std::optional<Value>& option, Member& member) {
  if (option) member = static_cast<Member>(*option);
}

/// An option that chooses how rows are split takes the place of what the file chose.
void apply_split(const TrainArguments& from, churn::SplitConfig& split) {
  if (from.test_fraction || from.test_data || from.split_group || from.split_time) {
    split.column.clear();
  }
  if (from.split_column || from.split_time) split.group.clear();
  if (from.split_column || from.split_group) split.time.clear();
  if (from.test_fraction || from.split_column) split.test_data.clear();
  if (from.validation_fraction && !split.column.empty()) {
    fail<UsageError>(
        "--validation-fraction has no effect: {} sets split.column = \"{}\", which says where "
        "every row belongs",
        from.config_file, split.column);
  }
  override_with(from.validation_fraction, split.validation_fraction);
  override_with(from.test_fraction, split.test_fraction);
  override_with(from.test_data, split.test_data);
  override_with(from.split_column, split.column);
  override_with(from.split_group, split.group);
  override_with(from.split_time, split.time);
}

void apply_options(const TrainArguments& from, churn::RunConfig& config) {
  override_with(from.data, config.data.path);
  if (!from.delimiter.empty()) config.data.delimiter = delimiter_of(from.delimiter);
  override_with(from.target, config.data.target);
  override_with(from.positive, config.data.positive);
  override_with(from.id_column, config.data.id_column);
  override_with(from.weight_column, config.data.weight_column);
  if (!from.drop_columns.empty()) config.data.drop_columns = from.drop_columns;
  apply_split(from, config.split);
  override_with(from.seed, config.training.seed);
  override_with(from.epochs, config.training.epochs);
  override_with(from.batch_size, config.training.batch_size);
  override_with(from.precision, config.training.precision);
  apply_decision(from.decision, config.decision);
  override_with(from.device, config.runtime.device);
  override_with(from.threads, config.runtime.threads);
  if (from.detect_anomaly) config.runtime.detect_anomaly = true;
  if (from.cuda_graph) config.runtime.cuda_graph = true;
}

churn::RunConfig starting_point(const TrainArguments& from) {
  if (!from.config_file.empty()) return churn::load_config(from.config_file);
  return from.preset.empty() ? churn::RunConfig{} : churn::preset(from.preset);
}

}  // namespace

void declare_train_options(CLI::App& command, TrainArguments& arguments) {
  std::string footer = "Presets:\n";
  for (const churn::Preset& preset : churn::presets()) {
    footer += fmt::format("  {:<9} {}\n", preset.name, preset.description);
  }
  command.footer(footer + '\n' + kTrainFooter);
  declare_settings(command, arguments, PartsToMeasure::test_rows);
  declare_run(command, arguments);
}

void declare_settings(CLI::App& command, TrainArguments& arguments, PartsToMeasure parts) {
  declare_data(command, arguments);
  declare_split(command, arguments, parts);
  declare_training(command, arguments);
  declare_decision(command, arguments.decision);
  declare_device(command, arguments.device)->group("Run");
  declare_threads(command, arguments.threads)->group("Run");
}

churn::RunConfig run_config(const TrainArguments& arguments) {
  churn::RunConfig config = settings_of(arguments);
  if (arguments.out.empty() && !arguments.dry_run) {
    fail<UsageError>("--out is missing: the folder for the model (or --dry-run)");
  }
  return config;
}

churn::RunConfig settings_of(const TrainArguments& arguments) {
  refuse_contradictions(arguments);
  churn::RunConfig config = starting_point(arguments);
  apply_options(arguments, config);
  if (config.data.path.empty()) fail<UsageError>("--data is missing: the customer table");
  if (config.data.target.empty()) fail<UsageError>("--target is missing: the label column");
  if (config.data.path == "-" && config.split.test_data == "-") {
    refuse("--data", "--test-data", "both are standard input, which can be read once");
  }
  churn::validate(config);
  const Device device = take_device(config.runtime.device);
  config.runtime.device = to_string(device);
  if (config.runtime.cuda_graph && !device.is_cuda()) {
    fail<UsageError>(
        "--cuda-graph (runtime.cuda_graph) needs a CUDA device, but this run is on {}: leave it "
        "out, or use --device cuda",
        to_string(device));
  }
  if (config.runtime.cuda_graph && config.runtime.detect_anomaly) {
    refuse("--cuda-graph", "--detect-anomaly",
           "the host looks for anomalies, and a CUDA graph runs without it");
  }
  require_precision(config.training.precision, device);
  return config;
}

}  // namespace ebb::program
