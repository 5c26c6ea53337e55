#include "apps/churn/fusion/customer_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/training/predictor.h"
#include "kernels/common/error.h"
#include "preprocessing/table/labels.h"

namespace ebb::churn {

struct CustomerScorer::State {
  State(const CustomerModel& scored, std::string model_name, const RuntimeConfig& config)
      : model(scored),
        name(std::move(model_name)),
        runtime(config),
        device(choose_device(config.device)) {}

  void add_member(const ModelFile& member, Precision precision);

  const CustomerModel& model;
  std::string name;
  RuntimeConfig runtime;
  Device device;
  std::vector<const preprocessing::Pipeline*> pipelines;  // that differ
  std::vector<preprocessing::DriftReport> drift;          // by pipeline
  std::vector<std::size_t> pipeline_of;                   // by member
  std::vector<std::unique_ptr<Predictor>> predictors;
};

void CustomerScorer::State::add_member(const ModelFile& member, Precision precision) {
  const auto known = std::find_if(
      pipelines.begin(), pipelines.end(),
      [&](const preprocessing::Pipeline* pipeline) { return *pipeline == member.pipeline; });
  pipeline_of.push_back(static_cast<std::size_t>(known - pipelines.begin()));
  if (known == pipelines.end()) {
    pipelines.push_back(&member.pipeline);
    drift.emplace_back();
  }
  try {
    predictors.push_back(std::make_unique<Predictor>(
        schema_of(member.pipeline), member.config.model, member.weights, runtime, precision));
  } catch (const DataError& error) {
    fail<DataError>(
        "{}: the weights cannot be used with the pipeline and settings in the same file: {}; use a "
        "file as ebb train wrote it",
        name, error.what());
  }
}

CustomerScorer::CustomerScorer(const CustomerModel& model, std::string name,
                               const RuntimeConfig& runtime, Precision precision)
    : state_(std::make_unique<State>(model, std::move(name), runtime)) {
  for (const ModelFile& member : model.members) state_->add_member(member, precision);
}

CustomerScorer::~CustomerScorer() = default;

EncodedCustomers CustomerScorer::encode(const preprocessing::Table& table) {
  EncodedCustomers rows;
  for (std::size_t i = 0; i < state_->pipelines.size(); ++i) {
    rows.push_back(state_->pipelines[i]->transform(table, &state_->drift[i], state_->device));
  }
  return rows;
}

std::vector<std::string> CustomerScorer::drift_warnings() const {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < state_->pipelines.size(); ++i) {
    for (std::string& warning : state_->pipelines[i]->drift_warnings(state_->drift[i])) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) {
        warnings.push_back(std::move(warning));
      }
    }
  }
  return warnings;
}

MemberScores CustomerScorer::member_probabilities(const EncodedCustomers& rows) {
  MemberScores scores;
  for (std::size_t i = 0; i < state_->predictors.size(); ++i) {
    std::vector<float> of_member =
        state_->predictors[i]->probabilities(rows[state_->pipeline_of[i]]);
    if (std::any_of(of_member.begin(), of_member.end(),
                    [](float score) { return std::isnan(score); })) {
      fail<DataError>(
          "{}: the score of a customer is not a number: the weights are too large; use a file as "
          "ebb train wrote it",
          state_->name);
    }
    state_->model.members[i].calibration.apply(of_member);
    scores.push_back(std::move(of_member));
  }
  return scores;
}

std::vector<float> CustomerScorer::probabilities(const EncodedCustomers& rows) {
  std::vector<float> combined = state_->model.combination.apply(member_probabilities(rows));
  state_->model.calibration.apply(combined);
  return combined;
}

ScoredTable score_labelled(CustomerScorer& scorer, const CustomerModel& model,
                           const std::filesystem::path& path, std::optional<char> delimiter) {
  const preprocessing::Pipeline& pipeline = model.pipeline();
  const std::span<const std::string> target(&pipeline.target(), 1);
  preprocessing::CsvReader reader = open_new_rows(path, model, target, delimiter, target);
  preprocessing::Table table;
  reader.next(table, std::numeric_limits<std::size_t>::max());
  ScoredTable scored;
  scored.labels = parse_labels(table, pipeline.target(), pipeline.classes()).values;
  scored.members = scorer.member_probabilities(scorer.encode(table));
  scored.probabilities = model.combination.apply(scored.members);
  model.calibration.apply(scored.probabilities);
  return scored;
}

}  // namespace ebb::churn
