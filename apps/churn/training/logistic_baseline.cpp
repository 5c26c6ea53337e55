#include "apps/churn/training/logistic_baseline.h"

#include "apps/churn/training/predictor.h"
#include "engine/modules/linear.h"
#include "engine/operations/losses.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/schedule.h"

namespace ebb::churn {
namespace {

// Enough full-batch steps at this rate for the loss to settle to four digits on tables of 5,000 to
// 10,000 rows; the decay is about scikit-learn's default penalty there.
constexpr std::int64_t kSteps = 400;
constexpr double kLearningRate = 0.05;
constexpr double kWeightDecay = 1e-3;

Tensor one_hot(const PreparedData& data, const LabelledRows& part) {
  const preprocessing::OneHotRows rows =
      preprocessing::one_hot_rows(part.features, data.pipeline.cardinalities());
  return Tensor::from_values(
      {static_cast<std::int64_t>(rows.rows), static_cast<std::int64_t>(rows.width)}, rows.values);
}

std::vector<float> predict(Context& context, const Linear& model, const Tensor& features) {
  std::vector<float> probabilities;
  if (features.elements() == 0) return probabilities;
  const Tensor logits = model.forward(Pass{context}, features);
  for (const float logit : logits.values<float>()) {
    probabilities.push_back(probability_of(logit));
  }
  return probabilities;
}

}  // namespace

LogisticBaseline fit_logistic_baseline(const PreparedData& data, const RuntimeConfig& runtime) {
  const Tensor features = one_hot(data, data.train);
  const Tensor targets = Tensor::from_values({features.extent(0)}, data.train.labels);
  ParameterSet parameters;
  const Linear model(Scope(parameters), features.extent(1), 1);
  parameters.initialize(0);

  Context context(parse_device(runtime.device), runtime.threads);
  Tape tape(context, &parameters);
  AdamW optimizer(parameters, {.weight_decay = kWeightDecay});
  const Schedule schedule = cosine_schedule(kLearningRate, 0.0, kSteps);
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Pass pass{context, &tape};
    tape.backward(binary_cross_entropy(pass, model.forward(pass, features), targets));
    optimizer.step(context, tape.gradients(), {.learning_rate = schedule(step)});
    tape.clear();
  }
  return {predict(context, model, features),
          predict(context, model, one_hot(data, data.validation)),
          predict(context, model, one_hot(data, data.test))};
}

}  // namespace ebb::churn
