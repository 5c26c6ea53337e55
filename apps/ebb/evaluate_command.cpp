// ebb evaluate: how good a model is on customers whose label is known.
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/data/customer_tables.h"
#include "apps/churn/fusion/customer_scorer.h"
#include "apps/churn/reporting/evaluation.h"
#include "apps/churn/reporting/training_report.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/model_options.h"
#include "apps/ebb/output.h"
#include "kernels/common/context.h"

namespace ebb::program {
namespace {

constexpr const char* kEvaluateFooter = R"(Examples:
  ebb evaluate --model model/ --data labelled.csv
  ebb evaluate --model model/ --data labelled.csv --threshold 0.2 --json metrics.json
  ebb evaluate --model model/ --data labelled.csv --intervals 1000
      and between which figures 95 of 100 such tables would lie
  ebb evaluate --model model/ --data labelled.csv --json -

A model that was trained with --objective profit is measured by what a campaign earns, too: in the
money of its --customer-value, per customer of the table. profit_per_customer: all who are flagged
are contacted. expected_maximum_profit: as many as pays best, over acceptance rates around the
model's (the EMP measure); best_contacted_share: how many that are.

The figures are those of customers that the model has not seen only if the file holds none of the
rows that it was trained on.)";

struct EvaluateOptions {
  ModelOptions model;
  std::string json;
  std::size_t bootstrap_samples = 0;  // 0: no intervals
  bool reliability = false;
};

nlohmann::ordered_json json_of(const EvaluateOptions& options, const churn::Evaluation& evaluation,
                               const std::vector<std::string>& warnings) {
  nlohmann::ordered_json json = {{"data", options.model.data}};
  json.update(churn::to_json(evaluation));
  json["warnings"] = warnings;
  return json;
}

churn::EvaluationOptions evaluation_options(const EvaluateOptions& options,
                                            const churn::CustomerModel& model) {
  churn::EvaluationOptions wanted;
  wanted.threshold = options.model.threshold.value_or(model.threshold.threshold);
  const churn::DecisionConfig& decision = model.config.decision;
  if (decision.objective == churn::ThresholdObjective::profit) wanted.campaign = decision.campaign;
  if (options.bootstrap_samples > 0) {
    wanted.intervals = churn::BootstrapOptions{.samples = options.bootstrap_samples};
  }
  return wanted;
}

ExitCode evaluate(const EvaluateOptions& options) {
  refuse_replacing("--json", options.json, files_read(options.model));
  JsonOutput json(options.json);
  set_default_threads(options.model.threads);  // also for reading the table
  const churn::CustomerModel model = churn::load_customer_model(options.model.model);
  settle_device(options.model, options.json == kStandardOutput ? stderr : stdout);
  churn::CustomerScorer scorer(model, options.model.model,
                               {.device = options.model.device, .threads = options.model.threads},
                               options.model.precision.value_or(Precision::f32));
  const churn::ScoredTable rows = churn::score_labelled(
      scorer, model, options.model.data,
      churn::further_delimiter(delimiter_of(options.model.delimiter), model.config.data));
  const churn::Evaluation evaluation = churn::evaluate(
      {.scores = rows.probabilities, .labels = rows.labels}, evaluation_options(options, model));

  const std::vector<std::string> warnings = scorer.drift_warnings();
  // The file first: printing may end the program, when nobody reads (`| head`).
  json.write(json_of(options, evaluation, warnings));
  for (const std::string& warning : warnings) warn(warning);
  if (options.json != kStandardOutput) {
    fmt::print("{}\n{}", churn::evaluation_table(evaluation),
               churn::confusion_table(evaluation.metrics.confusion, model.pipeline().classes()[1]));
    if (options.reliability) fmt::print("\n{}", churn::reliability_table(evaluation));
  }
  return ExitCode::ok;
}

}  // namespace

void add_evaluate(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("evaluate", "Measure a model on customers whose label is known");
  command->footer(kEvaluateFooter);
  auto options = std::make_shared<EvaluateOptions>();
  declare_model_options(*command, options->model, "Table of customers with the label column");
  command->add_option("--json", options->json, "Write the metrics to this file, - for the screen")
      ->type_name("FILE");
  command
      ->add_option("--intervals", options->bootstrap_samples,
                   "95 % confidence intervals from so many bootstrap samples; 1000 is usual")
      ->transform(within<std::size_t>(2, 1'000'000))
      ->type_name("N");
  command->add_flag("--reliability", options->reliability,
                    "Show for each range of probabilities what happened");
  command->callback([&chosen, options] { chosen = [options] { return evaluate(*options); }; });
}

}  // namespace ebb::program
