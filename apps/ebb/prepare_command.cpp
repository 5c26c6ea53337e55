// ebb prepare: a table as a model would get it.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/write_table.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/drop_columns_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/output.h"
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

churn::PreparedTable prepare(const PrepareOptions& options) {
  if (!is_fitted(options)) return churn::prepare_table(config_of(options));
  const std::optional<char> delimiter = delimiter_of(options.delimiter);
  churn::IdColumn id_column{options.id_column.value_or(""), options.id_column.has_value()};
  if (!options.pipeline.empty()) {
    return churn::apply_pipeline(options.data, load_pipeline(options.pipeline), id_column,
                                 delimiter);
  }
  churn::ModelFile model = churn::load_model(options.model);
  if (!options.id_column) id_column.name = model.config.data.id_column;
  return churn::apply_pipeline(options.data, std::move(model.pipeline), id_column,
                               churn::further_delimiter(delimiter, model.config.data));
}

bool writes_to_screen(const PrepareOptions& options) {
  return options.out == kStandardOutput || options.save_pipeline == kStandardOutput;
}

void print_summary(const PrepareOptions& options, const churn::PreparedTable& table) {
  std::FILE* stream = writes_to_screen(options) ? stderr : stdout;
  for (const std::string& note : table.notes)
    fmt::print(stream, "note      {}\n", churn::printable(note));
  if (!table.pipeline.steps().empty()) {
    if (is_fitted(options)) {
      fmt::print(stream, "What the steps did to the {} rows that they were fitted to:\n",
                 churn::format_count(table.pipeline.training_rows()));
    }
    for (const auto& [kind, summary] : table.pipeline.steps().describe())
      fmt::print(stream, "{:<15}  {}\n", kind, churn::printable(summary));
    fmt::print(stream, "\n");
  }
  fmt::print(stream, "{}: {}, {}{}\n", churn::format_counted(table.rows.rows, "row"),
             churn::format_counted(table.rows.number_count, "number"),
             churn::format_counted(table.rows.category_count, "category", "categories"),
             table.labels.empty() ? "" : ", labels");
  if (options.out != kStandardOutput)
    fmt::print(stream, "written to {}\n", churn::printable(options.out));
  if (!options.save_pipeline.empty() && options.save_pipeline != kStandardOutput)
    fmt::print(stream, "pipeline written to {}\n", churn::printable(options.save_pipeline));
}

bool is_tensor_file(const std::string& name) { return lower_case(name).ends_with(".safetensors"); }

/// What is written. All places are opened before the work is done, so that one that cannot be
/// written to is found, and nothing is put in its place before all is there.
class Outputs {
 public:
  explicit Outputs(const PrepareOptions& options) {
    if (is_tensor_file(options.out)) {
      tensors_.emplace(options.out);
    } else {
      csv_.emplace(options.out);
    }
    if (!options.save_pipeline.empty()) pipeline_.emplace(options.save_pipeline);
  }

  void write(const churn::PreparedTable& table, churn::CategoryLayout layout) {
    if (tensors_) {
      churn::write_tensor_table(*tensors_, table, layout);
    } else {
      churn::write_csv_table(table, layout, [&](std::string_view text) { csv_->write(text); });
    }
    if (pipeline_) pipeline_->write(table.pipeline.to_json().dump(2) + "\n");
  }

  void commit() {
    const auto all = [&](auto action) {
      if (tensors_) action(*tensors_);
      if (csv_) action(*csv_);
      if (pipeline_) action(*pipeline_);
    };
    all([](auto& output) { output.settle(); });
    all([](auto& output) { output.commit(); });
  }

 private:
  std::optional<AtomicFile> tensors_;
  std::optional<Output> csv_;
  std::optional<Output> pipeline_;
};

ExitCode write_table(const PrepareOptions& options, churn::CategoryLayout layout,
                     const InterruptGuard& interrupt) {
  Outputs outputs(options);
  const churn::PreparedTable table = prepare(options);
  // Ctrl-C also ends what feeds a pipe, and then looks like the end of the table.
  interrupt.stop_here();
  outputs.write(table, layout);
  interrupt.stop_here();
  outputs.commit();
  print_summary(options, table);
  for (const std::string& warning : table.warnings) warn(warning);
  return ExitCode::ok;
}

ExitCode run(const PrepareOptions& options) {
  const churn::CategoryLayout layout = parse_layout(options.categories);
  check(options);
  set_default_threads(options.threads);
  const bool has_file = options.out != kStandardOutput;
  return write_unless_interrupted(
      has_file ? options.out : options.save_pipeline,
      [&](const InterruptGuard& interrupt) { return write_table(options, layout, interrupt); },
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
