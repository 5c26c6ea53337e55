// A fitted pipeline and a model file around it, made without training.
#pragma once

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/training/trainer.h"
#include "tests/churn/support/customers.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb::churn {

using ebb::testing::message_of;
using ebb::testing::read_bytes;
using ebb::testing::TemporaryFolder;

inline RunConfig small_config(const TemporaryFolder& folder) {
  RunConfig config;
  config.data.path = folder.write("客户 table.csv", csv(customers(60)));
  config.data.target = "churn";
  config.data.drop_columns = {"part"};
  config.runtime.threads = 3;
  return config;
}

inline constexpr const char* kSmallMetrics =
    R"({"parameters":5,"epochs":2,"best_epoch":1,"network":{"train":{"roc_auc":0.8451},)"
    R"("validation":null,"test":null},"logistic_regression":{"train":null,"validation":null,)"
    R"("test":null},"base_rate":{"train":null,"validation":null,"test":null}})";

inline ModelFile small_model(const RunConfig& config) {
  const PreparedData data = prepare_data(config);
  ModelFile model;
  model.config = config;
  model.pipeline = data.pipeline;
  model.weights = {
      {"head/weight", Tensor::from_values<float>({1, 3}, std::vector<float>{0.1F, -0.0F, 3e-41F})},
      {"head/bias", Tensor::from_values<float>({1}, std::vector<float>{1.0F / 3.0F})},
      {"数字/frequency", Tensor::from_values<double>({2}, std::vector<double>{0.1, 1e-300})}};
  model.threshold = {.threshold = 1.0 / 3.0, .objective_value = 0.7, .fallback_reason = {}};
  model.training_base_rate = data.training_base_rate;
  model.metrics = kSmallMetrics;
  model.data_fingerprint = data.fingerprint;
  return model;
}

inline TrainerState small_state(std::int64_t epochs) {
  TrainerState state;
  for (const char* name : {"parameter/head/weight", "first_moment/head/weight"}) {
    state.tensors[name] =
        Tensor::from_values<float>({4}, std::vector<float>{0.5F, 1e-40F, -0.0F, 7.0F});
  }
  state.steps_done = 10 * epochs;
  state.progress = {1.0 / 3.0, epochs, epochs, 0};
  state.plateau = {{0.1, epochs, epochs, 1}, 0.1, 2};
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
    state.history.push_back(
        {epoch, 0.5 / static_cast<double>(epoch), 0.4, 0.8, 1e-3, 2.0, 1e5, 12.5, epoch == epochs});
  }
  return state;
}

/// The bytes of a tensor, to compare bit by bit.
inline std::string bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.view().data),
          static_cast<std::size_t>(tensor.elements()) * size_of(tensor.dtype())};
}

}  // namespace ebb::churn
