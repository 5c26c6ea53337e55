// ebb explain: why customers have their scores, in words.
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/explanation/background.h"
#include "apps/churn/explanation/integrated_gradients.h"
#include "apps/churn/explanation/reasons.h"
#include "apps/churn/explanation/shapley.h"
#include "apps/churn/metrics/confusion_matrix.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/explain_globally.h"
#include "apps/ebb/explanation_summary.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_writer.h"

namespace ebb::program {
namespace {

constexpr const char* kExplainFooter = R"(Examples:
  ebb explain --model model/ --data new.csv --out reasons.csv
  ebb explain --model model/ --data new.csv --out reasons.csv --top 5 --language zh --all-effects
  ebb explain --model model/ --data labelled.csv --out reasons.csv --importance importance.csv
  ebb explain --model model/ --data new.csv --out reasons.csv --dependence curves.csv --columns age,plan

The reasons file has, for each customer in the order of the table: the id column named in training
(or the row's number), the probability of leaving, the decision at the threshold, and the columns
that move the prediction most, such as "days_since_last_order is 64 (usual: 12), +0.31". The effect
is in log-odds: with all other columns' effects it adds up to the difference from the average
customer of the training. They say what the model goes by, not what makes customers leave.
See docs/explanations.md.)";

using Clock = std::chrono::steady_clock;

struct ExplainOptions {
  ModelOptions model;
  GlobalOptions global;
  std::string out;
  std::string background_data;
  std::string method = "shapley";
  std::string language = "en";
  std::size_t top = 3;
  std::size_t permutations = churn::ShapleyOptions{}.pairs;
  bool has_all_effects = false;
};

preprocessing::EncodedRows background_of(const churn::ModelFile& model,
                                         const ExplainOptions& options) {
  preprocessing::EncodedRows background = model.background;
  if (!options.background_data.empty()) {
    background = churn::draw_background(
        read_further(options.background_data, model, options.model.delimiter).features,
        options.global.seed);
  }
  if (background.rows >= 2) return background;
  fail<DataError>(
      "{}: there are {} rows to compare customers with, expected 2 at least; give a table of "
      "typical "
      "customers, that of the training best, with --background-data",
      options.background_data.empty() ? options.model.model : options.background_data,
      background.rows);
}

/// Explains rows by the method asked for.
std::function<churn::Attributions(const preprocessing::EncodedRows&)> make_explainer(
    const churn::ModelFile& model, const ExplainOptions& options,
    const churn::LogitFunction& logits, const std::function<void()>& between) {
  std::vector<churn::FeatureColumn> columns = churn::feature_columns(model.pipeline);
  preprocessing::EncodedRows background = background_of(model, options);
  if (options.method == "shapley") {
    return [explainer = churn::ShapleyExplainer(
                logits, std::move(columns), std::move(background),
                {.pairs = options.permutations, .seed = options.global.seed, .between = between})](
               const preprocessing::EncodedRows& rows) { return explainer.explain(rows); };
  }
  const auto explainer = std::make_shared<churn::IntegratedGradients>(
      churn::schema_of(model.pipeline), model.config.model, model.weights, std::move(columns),
      background,
      churn::IntegratedGradientsOptions{.threads = options.model.threads, .between = between});
  return [explainer](const preprocessing::EncodedRows& rows) { return explainer->explain(rows); };
}

/// Turns chunks of the table into lines of the reasons file.
class Explainer {
 public:
  Explainer(const churn::ModelFile& model, const ExplainOptions& options,
            const churn::LogitFunction& logits, const std::function<void()>& between)
      : model_(model),
        options_(options),
        columns_(churn::feature_columns(model.pipeline)),
        explain_(make_explainer(model, options, logits, between)),
        words_(model.pipeline, model.config.preprocessing, churn::parse_language(options.language)),
        threshold_(options.model.threshold.value_or(model.threshold.threshold)) {}

  std::string header(bool has_id) const {
    std::vector<std::string> names = {has_id ? model_.config.data.id_column : "row", "probability",
                                      "decision"};
    for (std::size_t i = 1; i <= options_.top; ++i) names.push_back(fmt::format("reason_{}", i));
    if (options_.has_all_effects) {
      for (const churn::FeatureColumn& column : columns_) {
        names.push_back(fmt::format("effect of {}", column.name));
      }
    }
    if (std::set(names.begin(), names.end()).size() < names.size()) {
      fail<DataError>(
          "the id column \"{}\" has the name of another column of the reasons file: rename it in "
          "the "
          "table, and customers are named by row number",
          names.front());
    }
    std::string text;
    preprocessing::append_csv_record(text, names);
    return text;
  }

  std::string explain(const preprocessing::Table& chunk) {
    const preprocessing::EncodedRows rows = model_.pipeline.transform(chunk, &drift_);
    const preprocessing::Table values = model_.pipeline.apply_steps(chunk);
    const churn::Attributions found = explain_(rows);
    const preprocessing::Column* ids = chunk.find(model_.config.data.id_column);
    std::string text;
    for (std::size_t row = 0; row < found.rows; ++row) {
      const std::string id =
          ids != nullptr ? ids->text(row) : fmt::format("{}", summary_.rows + row + 1);
      append(text, id, values, found, row);
    }
    summary_.add(found);
    return text;
  }

  std::vector<std::string> warnings() const { return model_.pipeline.drift_warnings(drift_); }
  const ExplanationSummary& summary() const { return summary_; }
  const std::vector<churn::FeatureColumn>& columns() const { return columns_; }

 private:
  void append(std::string& text, const std::string& id, const preprocessing::Table& values,
              const churn::Attributions& found, std::size_t row) const {
    const std::span effects(found.values.data() + row * found.columns, found.columns);
    const double probability = model_.calibration.apply(churn::probability_of(found.logits[row]));
    std::vector<std::string> fields = {
        id, fmt::format("{:.6f}", probability),
        model_.pipeline.classes()[churn::is_flagged(probability, threshold_) ? 1 : 0]};
    for (const std::size_t column : churn::strongest_columns(effects, options_.top)) {
      fields.push_back(words_.reason(values, row, columns_[column].name, effects[column]));
    }
    fields.resize(3 + options_.top);
    if (options_.has_all_effects) {
      for (const double effect : effects) fields.push_back(fmt::format("{:.6f}", effect));
    }
    preprocessing::append_csv_record(text, fields);
  }

  const churn::ModelFile& model_;
  const ExplainOptions& options_;
  std::vector<churn::FeatureColumn> columns_;
  std::function<churn::Attributions(const preprocessing::EncodedRows&)> explain_;
  churn::ReasonWriter words_;
  double threshold_;
  preprocessing::DriftReport drift_;
  ExplanationSummary summary_;
};

std::size_t explained_at_once(const preprocessing::Pipeline& pipeline) {
  constexpr std::size_t kRows = 1024;
  return pipeline.steps().looks_at_other_rows() ? churn::rows_per_chunk(pipeline) : kRows;
}

ExitCode write_reasons(const ExplainOptions& options, const InterruptGuard& interrupt) {
  std::FILE* stream = options.out == kStandardOutput ? stderr : stdout;
  set_default_threads(options.model.threads);  // also for reading the table
  const churn::ModelFile model = churn::load_model(options.model.model);
  settle_device(options.model, stream);
  churn::Predictor predictor = make_predictor(model, options.model);
  const churn::LogitFunction logits = [&](const preprocessing::EncodedRows& rows) {
    return predictor.logits(rows);
  };
  const std::function<void()> between = [&] { interrupt.stop_here(); };
  Explainer explainer(model, options, logits, between);

  // First, as they ask more of the table.
  const GlobalOptions& global = options.global;
  if (!global.importance.empty()) {
    write_importance(model, options.model, global, logits, between);
  }
  if (!global.attention.empty()) write_attention(model, options.model, global);
  if (!global.dependence.empty()) {
    write_dependence(model, options.model, global, logits, between);
  }

  const Clock::time_point start = Clock::now();
  const std::string& id = model.config.data.id_column;
  std::vector<std::string> texts;
  if (!id.empty()) texts.push_back(id);
  preprocessing::CsvReader reader = churn::open_new_rows(
      options.model.data, model.pipeline, texts,
      churn::further_delimiter(delimiter_of(options.model.delimiter), model.config.data));
  const bool has_id = !id.empty() && preprocessing::contains(reader.header(), id);
  if (!id.empty() && !has_id) {
    warn(fmt::format("{} has no id column \"{}\": customers are named by row number",
                     preprocessing::source_name(options.model.data), id));
  }
  Output output(options.out);
  std::string text = explainer.header(has_id);
  preprocessing::Table chunk;
  const bool shows_progress = isatty(STDERR_FILENO) != 0 && options.out != kStandardOutput;
  while (reader.next(chunk, explained_at_once(model.pipeline))) {
    interrupt.stop_here();
    text += explainer.explain(chunk);
    output.write(text);
    text.clear();
    if (shows_progress) {
      fmt::print(stderr, "\r{} explained\033[K",
                 churn::format_counted(explainer.summary().rows, "customer"));
    }
  }
  if (shows_progress) fmt::print(stderr, "\r\033[K");
  // Ctrl-C also ends what feeds a pipe, and then looks like the end of the table.
  interrupt.stop_here();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  output.commit();
  for (const std::string& warning : explainer.warnings()) warn(warning);
  print_summary(stream, explainer.summary(), explainer.columns(), seconds);
  for (const std::string& file :
       {options.out, global.importance, global.attention, global.dependence}) {
    if (!file.empty() && file != kStandardOutput) {
      fmt::print(stream, "written {}\n", churn::printable(file));
    }
  }
  return ExitCode::ok;
}

ExitCode explain(const ExplainOptions& options) {
  const GlobalOptions& global = options.global;
  std::vector<std::string> inputs = files_read(options.model);
  if (!options.background_data.empty()) inputs.push_back(options.background_data);
  const std::array<std::pair<const char*, std::string>, 4> outputs = {
      {{"--out", options.out},
       {"--importance", global.importance},
       {"--attention", global.attention},
       {"--dependence", global.dependence}}};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    refuse_replacing(outputs[i].first, outputs[i].second, inputs);
    for (std::size_t j = 0; j < i; ++j) {
      refuse_same_output(outputs[j].first, outputs[j].second, outputs[i].first, outputs[i].second);
    }
  }
  const bool reads_again =
      !global.importance.empty() || !global.attention.empty() || !global.dependence.empty();
  if (options.model.data == "-" && (reads_again || options.background_data == "-")) {
    fail<UsageError>(
        "--data -: standard input can be read once only: write it to a file first for "
        "--importance, --attention, --dependence and --background-data");
  }
  if (!global.columns.empty() && global.dependence.empty()) {
    fail<UsageError>("--columns is about --dependence, which is missing");
  }
  return write_unless_interrupted(options.out, [&](const InterruptGuard& interrupt) {
    return write_reasons(options, interrupt);
  });
}

void declare_explain_options(CLI::App& command, ExplainOptions& options) {
  declare_model_options(command, options.model, "Table of customers, no label needed");
  command.add_option("--out", options.out, "Reasons file, - for the screen")
      ->type_name("FILE")
      ->required();
  command.add_option("--top", options.top, "Reasons for each customer (default 3)")
      ->transform(within<std::size_t>(1, 100))
      ->type_name("N");
  command
      .add_option("--method", options.method,
                  "shapley (default) or integrated_gradients, on the CPU")
      ->check(one_of({"shapley", "integrated_gradients"}))
      ->type_name("NAME");
  command.add_option("--language", options.language, "Of the reasons: en (default) or zh")
      ->check(one_of({"en", "zh"}))
      ->type_name("NAME");
  command.add_flag("--all-effects", options.has_all_effects,
                   "Also write the effect of every column");
  command
      .add_option(
          "--permutations", options.permutations,
          fmt::format("Of shapley: orders, each with its reverse, for each customer (default "
                      "{}); four times as many halve the standard error",
                      options.permutations))
      ->transform(within<std::size_t>(2, 10000))
      ->type_name("N");
  command
      .add_option(
          "--background-data", options.background_data,
          fmt::format("Compare with {} customers of this table (default: training rows kept in "
                      "the model)",
                      churn::kBackgroundRows))
      ->type_name("FILE");
  command.add_option("--seed", options.global.seed, "Of all that is drawn (default 0)")
      ->transform(within<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("N");
  command
      .add_option("--importance", options.global.importance,
                  "Write permutation importance to this file; the table needs the label column")
      ->type_name("FILE");
  command
      .add_option("--attention", options.global.attention,
                  "Write to this file where the network looks, which is no explanation by itself")
      ->type_name("FILE");
  command
      .add_option("--dependence", options.global.dependence,
                  "Write how predictions change with each column to this file")
      ->type_name("FILE");
  command.add_option("--columns", options.global.columns, "Of --dependence (default: all)")
      ->delimiter(',')
      ->type_name("A,B");
}

}  // namespace

void add_explain(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("explain", "Say why customers have their scores, in words");
  command->footer(kExplainFooter);
  auto options = std::make_shared<ExplainOptions>();
  declare_explain_options(*command, *options);
  command->callback([&chosen, options] { chosen = [options] { return explain(*options); }; });
}

}  // namespace ebb::program
