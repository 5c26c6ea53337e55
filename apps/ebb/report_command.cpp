// ebb report: what a model is worth, in one HTML file.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/data/audit_options.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/held_out_rows.h"
#include "apps/churn/html_report/report.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/search/trial_store.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/decision_options.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/model_options.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/split/random_order.h"

namespace ebb::program {
namespace {

constexpr const char* kReportFooter = R"(Examples:
  ebb report --model model/ --data users.csv
  ebb report --model model/ --data users.csv --customer-value 300 --contact-cost 2
      and what a campaign earns
  ebb report --model model/ --data users.csv --segments segments.json --offers offers.csv --search tune/
  ebb report --model model/ --data labelled.csv --out q3.html --title "Q3" --language zh

The report is one file that loads nothing: it can be mailed, printed and read on a phone. It holds
  what was measured and how good it is, in words; metrics with intervals; ROC, precision and recall,
  gain and lift; calibration; the confusion matrix and other thresholds; what a campaign earns;
  learning curves; importance of columns; segments, offers and the search for settings, if they
  are given; and the data audit (ebb audit).
Of the table that the model was trained on, its test rows are measured; of another table, all.
Learning curves need the checkpoint that ebb train leaves in the model's folder.)";

struct ReportOptions {
  ModelOptions model;
  DecisionOptions decision;
  std::string out = "report.html";
  std::string language = "en";
  std::string title;
  std::string segments;  // empty: none; likewise the next two
  std::string offers;
  std::string search;
  std::size_t bootstrap_samples = 1000;  // 0: no intervals
  std::size_t importance_rows = 1000;    // 0: no importance
};

/// The training's settings, for the table at hand.
churn::RunConfig config_for(const ReportOptions& options, const churn::ModelFile& model) {
  churn::RunConfig config = model.config;
  config.data.path = options.model.data;
  config.data.delimiter =
      churn::further_delimiter(delimiter_of(options.model.delimiter), model.config.data);
  return config;
}

churn::LabelledRows measured_rows(const ReportOptions& options, const churn::ModelFile& model,
                                  churn::ReportData& report, preprocessing::DriftReport& drift) {
  const churn::RunConfig config = config_for(options, model);
  auto held_out = churn::held_out_rows(config, model.data_fingerprint, model.pipeline, drift);
  if (held_out && held_out->rows() > 0) {
    report.measured = churn::MeasuredRows::test_rows;
    return std::move(*held_out);
  }
  report.measured = held_out ? churn::MeasuredRows::seen_rows : churn::MeasuredRows::whole_table;
  return churn::load_labelled(config.data.path, model.pipeline, drift, config.data.delimiter);
}

/// Of the run that made the model; empty where its checkpoint is gone or another run's.
std::vector<churn::EpochRecord> history_of(const ReportOptions& options,
                                           const churn::ModelFile& model) {
  namespace fs = std::filesystem;
  const fs::path path = options.model.model;
  const fs::path checkpoint_path =
      (fs::is_directory(path) ? path : path.parent_path()) / churn::kCheckpointName;
  if (!fs::exists(checkpoint_path)) return {};
  churn::Checkpoint checkpoint = churn::load_checkpoint(checkpoint_path);
  const bool is_same = checkpoint.data_fingerprint == model.data_fingerprint &&
                       churn::changed_settings(checkpoint.config, model.config).empty();
  if (!is_same) {
    warn(fmt::format("{}: the checkpoint is of another training than the model: no learning curves",
                     churn::printable(checkpoint_path.string())));
    return {};
  }
  return std::move(checkpoint.state.history);
}

/// At most so many, drawn by the training's seed.
churn::LabelledRows some_rows(const churn::LabelledRows& rows, std::size_t most,
                              std::uint64_t seed) {
  std::vector<std::size_t> drawn(rows.rows());
  std::iota(drawn.begin(), drawn.end(), std::size_t{0});
  drawn = preprocessing::draw_rows(std::move(drawn), most, preprocessing::SplitMix64(seed));
  churn::LabelledRows some;
  some.features = churn::take_rows(rows.features, drawn);
  for (const std::size_t row : drawn) some.labels.push_back(rows.labels[row]);
  return some;
}

void add_importance(const ReportOptions& options, const churn::ModelFile& model,
                    churn::Predictor& predictor, const churn::LabelledRows& rows,
                    const InterruptGuard& interrupt, churn::ReportData& report) {
  if (options.importance_rows == 0) return;
  const std::uint64_t seed = model.config.training.seed;
  const churn::LabelledRows some = some_rows(rows, options.importance_rows, seed);
  const std::vector<churn::FeatureColumn> columns = churn::feature_columns(model.pipeline);
  const auto groups = churn::associated_groups(columns, some.features, churn::kAssociation);
  std::vector<churn::GroupImportance> importances = churn::permutation_importance(
      [&](const preprocessing::EncodedRows& dealt) { return predictor.logits(dealt); }, columns,
      groups, some, {.seed = seed, .between = [&] { interrupt.stop_here(); }});
  std::ranges::stable_sort(importances, std::greater<>(), &churn::GroupImportance::log_loss_rise);
  for (churn::GroupImportance& importance : importances) {
    std::string names = churn::names_of(columns, importance.columns);
    report.importance.push_back({std::move(names), std::move(importance)});
  }
  report.importance_rows = some.rows();
}

/// Of the whole table. How training splits it counts only where that is a column of the training's
/// table; a later table need not have that column.
preprocessing::AuditReport audit_of(const churn::ReportData& report, const ReportOptions& options,
                                    const churn::ModelFile& model) {
  churn::RunConfig config = config_for(options, model);
  const std::string split_column = config.split.column;
  config.split = {};
  if (report.measured != churn::MeasuredRows::whole_table) config.split.column = split_column;
  const preprocessing::Table table = churn::read_customers(config);
  return preprocessing::audit_table(table, churn::audit_options(config, table));
}

void add_evaluation(const ReportOptions& options, const churn::ModelFile& model,
                    const churn::ScoredRows& rows, churn::ReportData& report) {
  const churn::DecisionConfig& decision = model.config.decision;
  report.campaign = given_campaign(options.decision, decision.campaign);
  if (!report.campaign && decision.objective == churn::ThresholdObjective::profit) {
    report.campaign = decision.campaign;
  }
  churn::EvaluationOptions wanted;
  wanted.threshold = options.model.threshold.value_or(model.threshold.threshold);
  wanted.campaign = report.campaign;
  if (options.bootstrap_samples > 0) {
    wanted.intervals = churn::BootstrapOptions{.samples = options.bootstrap_samples};
  }
  report.bootstrap_samples = options.bootstrap_samples;
  report.evaluation = churn::evaluate(rows, wanted);
  report.ranking = churn::rank_by_score(rows);
  if (!options.model.threshold) report.objective = churn::to_string(decision.objective);
}

ExitCode write_report(const ReportOptions& options, const InterruptGuard& interrupt) {
  std::FILE* stream = options.out == kStandardOutput ? stderr : stdout;
  Output output(options.out);
  set_default_threads(options.model.threads);  // also for reading the table
  const churn::ModelFile model = churn::load_model(options.model.model);
  settle_device(options.model, stream);
  churn::Predictor predictor = make_predictor(model, options.model);

  churn::ReportData report;
  report.language = churn::parse_language(options.language);
  report.title = options.title;
  report.source = std::filesystem::path(options.model.data).filename().string();
  report.classes = model.pipeline.classes();
  preprocessing::DriftReport drift;
  const churn::LabelledRows rows = measured_rows(options, model, report, drift);
  interrupt.stop_here();
  const std::vector<float> scores = probabilities(predictor, model, rows.features, options.model);
  add_evaluation(options, model, {.scores = scores, .labels = rows.labels}, report);
  interrupt.stop_here();
  add_importance(options, model, predictor, rows, interrupt, report);
  report.history = history_of(options, model);
  report.audit = audit_of(report, options, model);
  if (!options.segments.empty()) report.segments = churn::read_segment_totals(options.segments);
  if (!options.offers.empty()) report.offers = churn::read_offer_totals(options.offers);
  if (!options.search.empty()) {
    report.search =
        churn::read_search_history(std::filesystem::path(options.search) / churn::kTrialsName);
  }
  interrupt.stop_here();
  output.write(churn::html_report(report));
  output.commit();
  for (const std::string& warning : model.pipeline.drift_warnings(drift)) warn(warning);
  if (options.out != kStandardOutput) {
    fmt::print(stream, "report on {} written to {}\n",
               churn::format_counted(rows.rows(), "customer"), churn::printable(options.out));
  }
  return ExitCode::ok;
}

ExitCode report(const ReportOptions& options) {
  if (options.model.data == kStandardOutput) {
    fail<UsageError>(
        "--data -: standard input can be read once only, and the report reads the table for the "
        "figures and for the audit: write it to a file first");
  }
  if (options.bootstrap_samples == 1) {
    fail<UsageError>("--intervals 1: an interval needs 2 samples at least; 0 for none");
  }
  std::vector<std::string> inputs = files_read(options.model);
  for (const std::string& file : {options.segments, options.offers}) {
    if (!file.empty()) inputs.push_back(file);
  }
  refuse_replacing("--out", options.out, inputs);
  return write_unless_interrupted(options.out, [&](const InterruptGuard& interrupt) {
    return write_report(options, interrupt);
  });
}

}  // namespace

void add_report(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "report", "Write what a model is worth on labelled customers, as one HTML file");
  command->footer(kReportFooter);
  auto options = std::make_shared<ReportOptions>();
  declare_model_options(*command, options->model, "Table of customers with the label column");
  command->add_option("--out", options->out, "The report (default report.html), - for the screen")
      ->type_name("FILE");
  command->add_option("--language", options->language, "Of the report: en (default) or zh")
      ->check(one_of({"en", "zh"}))
      ->type_name("NAME");
  command->add_option("--title", options->title, "Of the report")->type_name("TEXT");
  command
      ->add_option("--intervals", options->bootstrap_samples,
                   "95 % intervals from so many bootstrap samples (default 1000); 0 for none")
      ->transform(within<std::size_t>(0, 1'000'000))
      ->type_name("N");
  command
      ->add_option("--importance-rows", options->importance_rows,
                   "Importance of columns on at most so many of the rows (default 1000); 0 for "
                   "none")
      ->transform(within<std::size_t>(0, 1'000'000))
      ->type_name("N");
  command->add_option("--segments", options->segments, "What ebb segment wrote with --summary")
      ->type_name("FILE");
  command->add_option("--offers", options->offers, "What ebb offers wrote, to be summed up")
      ->type_name("FILE");
  command
      ->add_option("--search", options->search,
                   "Folder of the ebb tune that found the model's settings")
      ->type_name("FOLDER");
  declare_campaign(*command, options->decision);
  command->callback([&chosen, options] { chosen = [options] { return report(*options); }; });
}

}  // namespace ebb::program
