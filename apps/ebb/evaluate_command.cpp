// ebb evaluate: how good a model is on customers whose label is known.
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/metrics/metrics.h"
#include "apps/churn/reporting/training_report.h"
#include "apps/churn/training/predictor.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/model_options.h"
#include "apps/ebb/output.h"
#include "kernels/common/context.h"

namespace ebb::program {
namespace {

constexpr const char* kEvaluateFooter = R"(Examples:
  ebb evaluate --model model/ --data labelled.csv
  ebb evaluate --model model/ --data labelled.csv --threshold 0.2 --json metrics.json
  ebb evaluate --model model/ --data labelled.csv --json -

The figures are those of customers that the model has not seen only if the file holds none of the
rows that it was trained on.)";

struct EvaluateOptions {
  ModelOptions model;
  std::string json;
};

nlohmann::ordered_json json_of(const EvaluateOptions& options, const churn::Metrics& metrics,
                               const std::vector<std::string>& warnings) {
  nlohmann::ordered_json json = {{"data", options.model.data}};
  json.update(churn::to_json(metrics));
  json["warnings"] = warnings;
  return json;
}

ExitCode evaluate(const EvaluateOptions& options) {
  refuse_replacing("--json", options.json, files_read(options.model));
  JsonOutput json(options.json);
  set_default_threads(options.model.threads);  // also for reading the table
  const churn::ModelFile model = churn::load_model(options.model.model);
  const double threshold = options.model.threshold.value_or(model.threshold.threshold);
  const Device device =
      settle_device(options.model, options.json == kStandardOutput ? stderr : stdout);
  churn::Predictor predictor = make_predictor(model, options.model);
  preprocessing::DriftReport drift;
  const churn::LabelledRows rows = churn::load_labelled(
      options.model.data, model.pipeline, drift,
      churn::further_delimiter(delimiter_of(options.model.delimiter), model.config.data), device);
  const std::vector<float> scores = probabilities(predictor, rows.features, options.model);
  const churn::Metrics metrics =
      churn::compute_metrics({.scores = scores, .labels = rows.labels}, threshold);

  const std::vector<std::string> warnings = model.pipeline.drift_warnings(drift);
  // The file first: printing may end the program, when nobody reads (`| head`).
  json.write(json_of(options, metrics, warnings));
  for (const std::string& warning : warnings) warn(warning);
  if (options.json != kStandardOutput) {
    fmt::print("{}\n{}", churn::metrics_table(churn::to_json(metrics)),
               churn::confusion_table(metrics.confusion, model.pipeline.classes()[1]));
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
  command->callback([&chosen, options] { chosen = [options] { return evaluate(*options); }; });
}

}  // namespace ebb::program
