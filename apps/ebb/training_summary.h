// What `ebb train` says before and after training.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/config/run_config.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/reporting/training_report.h"
#include "apps/churn/training/trainer.h"
#include "apps/ebb/repetition.h"

namespace ebb::program {

/// Rows, target, columns, and what the preparation wants the user to know.
void print_data(const churn::RunConfig& config, const churn::PreparedData& data);
/// All columns: what they are taken for and what they hold.
void print_columns(const churn::PreparedData& data);
/// The peak of the threads that train; null where a GPU does.
std::unique_ptr<PeakGauge> peak_of(const churn::RunConfig& config);
/// Size of the network, and where it runs.
void print_network(const churn::RunConfig& config, const churn::Trainer& trainer,
                   const PeakGauge* peak);
/// "12 s", "40 min" or "2.5 h".
std::string duration_text(double seconds);

/// Says so if the training will take more than ten minutes, and what makes it long. An estimate
/// from the nominal flops, good to a factor of two.
void warn_of_cost(const churn::RunConfig& config, const churn::PreparedData& data,
                  const churn::Trainer& trainer, double peak_gflops);
/// Metrics beside the baselines, and the threshold with its reason.
void print_report(const churn::RunConfig& config, const churn::PreparedData& data,
                  const churn::TrainingReport& report);
/// Of a network that, on the rows that it was trained on, is no better than the same probability
/// for everybody.
void warn_if_useless(const churn::TrainingReport& report);

/// Everything about the trained model that can be counted, for metrics.json and the model file.
/// Nothing in it depends on the time, the machine or where files lie.
nlohmann::ordered_json metrics_json(const churn::RunConfig& config, const churn::PreparedData& data,
                                    std::int64_t parameters,
                                    std::span<const churn::EpochRecord> history,
                                    const churn::TrainingReport& report);

}  // namespace ebb::program
