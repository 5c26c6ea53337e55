#include "apps/ebb/training_summary.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/devices.h"
#include "apps/ebb/output.h"
#include "kernels/common/context.h"
#include "kernels/common/instruction_set.h"

namespace ebb::program {
namespace {

using churn::printable;

std::size_t count_left_out(const churn::PreparedData& data) {
  return static_cast<std::size_t>(std::ranges::count(data.columns, churn::ColumnRole::left_out,
                                                     &churn::ColumnDescription::role));
}

std::int64_t best_epoch(std::span<const churn::EpochRecord> history) {
  std::int64_t best = 0;
  for (const churn::EpochRecord& epoch : history) {
    if (epoch.best) best = epoch.epoch;
  }
  return best;
}

}  // namespace

void print_data(const churn::RunConfig& config, const churn::PreparedData& data) {
  fmt::print("data      {}: {}; {} to train on, {} to validate, {} to test\n",
             printable(config.data.path), churn::format_counted(data.table_rows, "row"),
             churn::format_count(data.train.rows()), churn::format_count(data.validation.rows()),
             churn::format_count(data.test.rows()));
  fmt::print("split     {}\n", printable(data.split));
  fmt::print("target    {}: \"{}\" is predicted, {:.1f} % of the training rows\n",
             printable(config.data.target), printable(data.pipeline.classes()[1]),
             100.0 * data.training_base_rate);
  fmt::print("columns   {}, {}, {} left out\n",
             churn::format_counted(data.pipeline.numbers().size(), "number"),
             churn::format_counted(data.pipeline.categories().size(), "category", "categories"),
             count_left_out(data));
  for (const auto& [kind, summary] : data.pipeline.steps().describe())
    fmt::print("step      {}: {}\n", kind, printable(summary));
  for (const std::string& note : data.notes) fmt::print("note      {}\n", printable(note));
  for (const std::string& warning : data.warnings) warn(warning);
}

void print_columns(const churn::PreparedData& data) {
  churn::TextTable table({"column", "kind", "role", "missing"});
  std::vector<std::string> values;
  for (const churn::ColumnDescription& column : data.columns) {
    table.add({printable(shortened(column.name)),
               fmt::format("{}{}", kind_name(column.kind), column.is_declared ? " (declared)" : ""),
               std::string(churn::to_string(column.role)), churn::format_count(column.missing)});
    values.push_back(printable(column.values));
  }
  // The values follow the table, aligned to the left.
  std::string text = table.to_text();
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    fmt::print("{}  {}\n", text.substr(begin, end - begin),
               line == 0 ? "values" : values[line - 1]);
    begin = end + 1;
  }
}

std::unique_ptr<PeakGauge> peak_of(const churn::RunConfig& config) {
  if (churn::choose_device(config.runtime.device).is_cuda()) return nullptr;
  return std::make_unique<PeakGauge>(training_threads(config.runtime.threads));
}

void print_network(const churn::RunConfig& config, const churn::Trainer& trainer,
                   const PeakGauge* peak) {
  const int threads = training_threads(config.runtime.threads);
  fmt::print("network   {} of width {}, {}: {} parameters\n",
             churn::format_counted(static_cast<std::size_t>(config.model.layers), "layer"),
             config.model.dim,
             churn::format_counted(static_cast<std::size_t>(config.model.heads), "head"),
             churn::format_count(trainer.parameter_count()));
  if (peak == nullptr) {
    fmt::print("machine   {}\n", describe(churn::choose_device(config.runtime.device)));
    return;
  }
  fmt::print("machine   {}, {}, {}, peak {:.0f} GFLOP/s\n", config.runtime.device,
             name_of(active_instruction_set()),
             churn::format_counted(static_cast<std::size_t>(threads), "thread"), peak->gflops());
}

std::string duration_text(double seconds) {
  if (seconds < 100.0) return fmt::format("{:.0f} s", std::max(1.0, seconds));
  if (seconds < 6000.0) return fmt::format("{:.0f} min", seconds / 60.0);
  return fmt::format("{:.1f} h", seconds / 3600.0);
}

void warn_of_cost(const churn::RunConfig& config, const churn::PreparedData& data,
                  const churn::Trainer& trainer, double peak_gflops) {
  // Small networks reach less of the peak, but are done soon anyway.
  constexpr double kShareOfPeak = 0.2;
  constexpr double kLong = 600.0;
  constexpr std::size_t kManyFeatures = 200;
  // A validation row costs the forward third of a training row.
  const double rows =
      static_cast<double>(data.train.rows()) + static_cast<double>(data.validation.rows()) / 3.0;
  const double flops = trainer.flops_per_row() * rows * static_cast<double>(config.training.epochs);
  const double seconds = flops * 1e-9 / (kShareOfPeak * peak_gflops);
  if (seconds < kLong) return;
  const std::size_t features =
      data.train.features.number_count + data.train.features.category_count;
  fmt::print("note      {} and {} in {} take about {}: {}\n",
             churn::format_counted(features, "feature"),
             churn::format_counted(data.train.rows(), "row"),
             churn::format_counted(static_cast<std::size_t>(config.training.epochs), "epoch"),
             duration_text(seconds),
             features >= kManyFeatures
                 ? "the time grows with the square of the features, so leave out with "
                   "--drop-columns what says least"
                 : "--dry-run measures it, --epochs changes it");
}

void warn_if_useless(const churn::TrainingReport& report) {
  const double loss = report.network.train->log_loss;
  const double nothing = report.base_rate.train->log_loss;
  if (loss < nothing) return;
  warn(fmt::format(
      "even on the rows that it was trained on, the network predicts no better than the same "
      "probability for everybody: its log loss is {:.4f}, against {:.4f}; try a lower "
      "learning rate, more epochs or more rows",
      loss, nothing));
}

void print_report(const churn::RunConfig& config, const churn::PreparedData& data,
                  const churn::TrainingReport& report) {
  fmt::print("\n{}\n", churn::report_table(churn::to_json(report)));
  const bool has_test = report.network.test.has_value();
  const churn::Metrics& metrics = has_test ? *report.network.test : *report.network.validation;
  fmt::print("{} rows by decision\n{}\n", has_test ? "test" : "validation",
             churn::confusion_table(metrics.confusion, data.pipeline.classes()[1]));
  if (!report.network.decision.calibration.why().empty()) {
    fmt::print("calibration {}\n", report.network.decision.calibration.why());
  }
  fmt::print("threshold {}\n", churn::explain(report.network.decision.threshold, config.decision));
}

nlohmann::ordered_json metrics_json(const churn::RunConfig& config, const churn::PreparedData& data,
                                    std::int64_t parameters,
                                    std::span<const churn::EpochRecord> history,
                                    const churn::TrainingReport& report) {
  const churn::ThresholdChoice& threshold = report.network.decision.threshold;
  nlohmann::ordered_json json = {
      {"target", config.data.target},
      {"classes", data.pipeline.classes()},
      {"rows",
       {{"table", data.table_rows},
        {"duplicates", data.duplicates},
        {"train", data.train.rows()},
        {"validation", data.validation.rows()},
        {"test", data.test.rows()}}},
      {"training_base_rate", data.training_base_rate},
      {"parameters", parameters},
      {"epochs", history.size()},
      {"best_epoch", best_epoch(history)},
      {"threshold",
       {{"value", threshold.threshold},
        {"objective", churn::to_string(config.decision.objective)},
        {"reason", churn::explain(threshold, config.decision)}}},
  };
  json.update(churn::to_json(report));
  return json;
}

}  // namespace ebb::program
