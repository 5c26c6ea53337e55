// ebb prepare: a table as a model would get it.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/new_table.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/device_option.h"
#include "apps/ebb/devices.h"
#include "apps/ebb/drop_columns_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/output.h"
#include "apps/ebb/prepared_outputs.h"
#include "apps/ebb/threads_option.h"
#include "apps/ebb/usage.h"
#include "engine/io/atomic_file.h"
#include "engine/io/bounded_json.h"
#include "kernels/common/context.h"

namespace ebb::program {
namespace {

constexpr const char* kPrepareFooter = R"(Examples:
  ebb prepare --data train.csv --target churn --out train.safetensors --save-pipeline pipeline.json
      fits the pipeline to all rows of train.csv and writes them as numbers
  ebb prepare --data test.csv --pipeline pipeline.json --out test.safetensors
      the same for other rows, with what was fitted to the first
  ebb prepare --data users.csv --target churn --config settings.toml --categories one_hot --out t.csv
      with the steps and options under [preprocessing] in settings.toml (docs/pipeline.md)
  ebb prepare --data new.csv --model model/ --out inputs.csv
      what a trained model is given

With --pipeline or --model the table is read in pieces, and may be larger than the memory, unless a
step looks at a customer's other rows. CSV is written meanwhile; tensors, whose header has the
number of rows, at the end, from the encoded rows in memory.
Numbers are filled and scaled; categories become codes (0 missing, 1 unknown, then the values by
frequency) or columns of 0 and 1. --out NAME.safetensors writes tensors, other names CSV.)";

struct PrepareOptions {
  std::string data;
  std::string delimiter;  // empty: found from the file
  std::optional<std::string> target;
  std::optional<std::string> positive;
  std::optional<std::string> id_column;
  std::vector<std::string> drop_columns;
  std::string config;
  std::string pipeline;
  std::string model;
  std::string out;
  std::string save_pipeline;
  std::string categories = "codes";
  std::string device = "auto";
  int threads = 0;
};

constexpr std::size_t kMostPipelineBytes = std::size_t{256} << 20;

churn::CategoryLayout parse_layout(const std::string& name) {
  if (name == "codes") return churn::CategoryLayout::codes;
  if (name == "one_hot") return churn::CategoryLayout::one_hot;
  fail<UsageError>("--categories {}: use codes or one_hot", name);
}

bool is_fitted(const PrepareOptions& options) {
  return !options.pipeline.empty() || !options.model.empty();
}

void check(const PrepareOptions& options) {
  if (!options.pipeline.empty() && !options.model.empty())
    fail<UsageError>("--pipeline and --model exclude each other: each is a fitted pipeline");
  if (is_fitted(options) && (options.target || options.positive || !options.config.empty() ||
                             !options.drop_columns.empty())) {
    fail<UsageError>(
        "--target, --positive, --drop-columns and --config say how to fit a pipeline: "
        "with {} it is fitted already",
        options.model.empty() ? "--pipeline" : "--model");
  }
  const std::filesystem::path model(options.model);
  const std::vector<std::string> inputs = {options.data, options.config, options.pipeline,
                                           model.string(), (model / churn::kModelName).string()};
  refuse_replacing("--out", options.out, inputs);
  refuse_replacing("--save-pipeline", options.save_pipeline, inputs);
  refuse_other_format("--out", options.out);
  refuse_same_output("--out", options.out, "--save-pipeline", options.save_pipeline);
}

churn::RunConfig config_of(const PrepareOptions& options) {
  churn::RunConfig config =
      options.config.empty() ? churn::RunConfig{} : churn::load_config(options.config);
  config.data.path = options.data;
  if (!options.delimiter.empty()) config.data.delimiter = delimiter_of(options.delimiter);
  if (options.target) config.data.target = *options.target;
  if (options.positive) config.data.positive = *options.positive;
  if (options.id_column) config.data.id_column = *options.id_column;
  if (!options.drop_columns.empty()) config.data.drop_columns = options.drop_columns;
  if (config.data.target.empty()) {
    fail<UsageError>(
        "--target is missing: the label column, by which columns are judged (or a "
        "fitted pipeline: --pipeline or --model)");
  }
  churn::validate(config);
  return config;
}

preprocessing::Pipeline load_pipeline(const std::string& path) {
  try {
    return preprocessing::Pipeline::from_json(parse_json(read_file(path, kMostPipelineBytes)));
  } catch (const DataError& error) {
    fail<DataError>("{}: {}", path, error.what());
  }
}

/// A fitted pipeline and how to read tables for it.
struct Fitted {
  preprocessing::Pipeline pipeline;
  churn::IdColumn id_column;
  std::optional<char> delimiter;
};

Fitted load_fitted(const PrepareOptions& options) {
  Fitted fitted;
  fitted.id_column = {options.id_column.value_or(""), options.id_column.has_value()};
  fitted.delimiter = delimiter_of(options.delimiter);
  if (!options.pipeline.empty()) {
    fitted.pipeline = load_pipeline(options.pipeline);
    return fitted;
  }
  churn::ModelFile model = churn::load_model(options.model);
  if (!options.id_column) fitted.id_column.name = model.config.data.id_column;
  fitted.delimiter = churn::further_delimiter(fitted.delimiter, model.config.data);
  fitted.pipeline = std::move(model.pipeline);
  return fitted;
}

/// What was written, for the user.
struct Prepared {
  preprocessing::Pipeline pipeline;
  std::size_t rows = 0;
  bool has_labels = false;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

bool writes_to_screen(const PrepareOptions& options) {
  return options.out == kStandardOutput || options.save_pipeline == kStandardOutput;
}

void print_summary(const PrepareOptions& options, const Prepared& prepared) {
  const preprocessing::Pipeline& pipeline = prepared.pipeline;
  std::FILE* stream = writes_to_screen(options) ? stderr : stdout;
  for (const std::string& note : prepared.notes)
    fmt::print(stream, "note      {}\n", churn::printable(note));
  if (!pipeline.steps().empty()) {
    if (is_fitted(options)) {
      fmt::print(stream, "What the steps did to the {} rows that they were fitted to:\n",
                 churn::format_count(pipeline.training_rows()));
    }
    for (const auto& [kind, summary] : pipeline.steps().describe())
      fmt::print(stream, "{:<15}  {}\n", kind, churn::printable(summary));
    fmt::print(stream, "\n");
  }
  fmt::print(stream, "{}: {}, {}{}\n", churn::format_counted(prepared.rows, "row"),
             churn::format_counted(pipeline.number_names().size(), "number"),
             churn::format_counted(pipeline.categories().size(), "category", "categories"),
             prepared.has_labels ? ", labels" : "");
  if (options.out != kStandardOutput)
    fmt::print(stream, "written to {}\n", churn::printable(options.out));
  if (!options.save_pipeline.empty() && options.save_pipeline != kStandardOutput)
    fmt::print(stream, "pipeline written to {}\n", churn::printable(options.save_pipeline));
}

/// Fits a pipeline to the whole table.
Prepared fit(const PrepareOptions& options, churn::CategoryLayout layout, Device device,
             PreparedOutputs& outputs, const InterruptGuard& interrupt) {
  const churn::RunConfig config = config_of(options);
  churn::PreparedTable table = churn::prepare_table(config, device, [&] { interrupt.stop_here(); });
  // Ctrl-C also ends what feeds a pipe, and then looks like the end of the table.
  interrupt.stop_here();
  Prepared prepared{.pipeline = std::move(table.pipeline),
                    .rows = table.rows.features.rows,
                    .has_labels = !table.rows.labels.empty(),
                    .notes = std::move(table.notes),
                    .warnings = std::move(table.warnings)};
  const auto writer = outputs.writer(prepared.pipeline, config.data.id_column, layout);
  writer->add(std::move(table.rows));
  writer->finish();
  return prepared;
}

/// Applies a fitted pipeline, piece by piece.
Prepared apply(const PrepareOptions& options, churn::CategoryLayout layout, Device device,
               PreparedOutputs& outputs, const InterruptGuard& interrupt) {
  Fitted fitted = load_fitted(options);
  Prepared prepared{.pipeline = std::move(fitted.pipeline), .notes = {}, .warnings = {}};
  churn::NewTable table(options.data, prepared.pipeline, fitted.id_column, fitted.delimiter,
                        device);
  const auto writer = outputs.writer(prepared.pipeline, fitted.id_column.name, layout);
  churn::PreparedRows rows;
  while (table.next(rows)) {
    interrupt.stop_here();
    prepared.rows += rows.features.rows;
    prepared.has_labels = !rows.labels.empty();
    writer->add(std::move(rows));
  }
  interrupt.stop_here();
  writer->finish();
  prepared.warnings = table.warnings();
  return prepared;
}

ExitCode write_table(const PrepareOptions& options, churn::CategoryLayout layout, Device device,
                     const InterruptGuard& interrupt) {
  PreparedOutputs outputs(options.out, options.save_pipeline);
  const Prepared prepared = is_fitted(options) ? apply(options, layout, device, outputs, interrupt)
                                               : fit(options, layout, device, outputs, interrupt);
  outputs.write_pipeline(prepared.pipeline);
  interrupt.stop_here();
  outputs.commit();
  print_summary(options, prepared);
  for (const std::string& warning : prepared.warnings) warn(warning);
  return ExitCode::ok;
}

ExitCode run(const PrepareOptions& options) {
  const churn::CategoryLayout layout = parse_layout(options.categories);
  check(options);
  set_default_threads(options.threads);
  const Device device = take_device(options.device);
  note_device(device, writes_to_screen(options) ? stderr : stdout);
  const bool has_file = options.out != kStandardOutput;
  return write_unless_interrupted(
      has_file ? options.out : options.save_pipeline,
      [&](const InterruptGuard& interrupt) {
        return write_table(options, layout, device, interrupt);
      },
      has_file ? stdout : stderr);
}

void declare(CLI::App& command, PrepareOptions& to) {
  command.add_option("--data", to.data, fmt::format("Customer table: {}", kTableFormats))
      ->type_name("FILE")
      ->required();
  declare_delimiter(command, to.delimiter);
  command.add_option("--target", to.target, "The label column")->type_name("COLUMN");
  command
      .add_option("--positive", to.positive,
                  "The class to predict, when the label has other names "
                  "than 0/1, yes/no or true/false")
      ->type_name("CLASS");
  command.add_option("--id-column", to.id_column, "Names the customer; written first to CSV")
      ->type_name("COLUMN");
  declare_drop_columns(command, to.drop_columns, "Columns to leave out");
  command.add_option("--config", to.config, "Settings; [data] and [preprocessing] count")
      ->type_name("FILE");
  command.add_option("--pipeline", to.pipeline, "Apply this fitted pipeline")->type_name("FILE");
  command.add_option("--model", to.model, "Apply the pipeline of this trained model")
      ->type_name("FOLDER");
  command.add_option("--categories", to.categories, "codes or one_hot (codes)")->type_name("NAME");
  command.add_option("--out", to.out, "The prepared table: .safetensors, else CSV; - for stdout")
      ->type_name("FILE")
      ->required();
  command.add_option("--save-pipeline", to.save_pipeline, "Write the fitted pipeline, as JSON")
      ->type_name("FILE");
  declare_device(command, to.device);
  declare_threads(command, to.threads);
}

}  // namespace

void add_prepare(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "prepare", "Clean and encode a table, and write what a model would get");
  command->footer(kPrepareFooter);
  auto options = std::make_shared<PrepareOptions>();
  declare(*command, *options);
  command->callback([&chosen, options] { chosen = [options] { return run(*options); }; });
}

}  // namespace ebb::program
