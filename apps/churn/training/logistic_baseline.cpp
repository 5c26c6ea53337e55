#include "apps/churn/training/logistic_baseline.h"

#include <memory>
#include <numeric>

#include "apps/churn/model/input_schema.h"
#include "apps/churn/training/predictor.h"
#include "engine/modules/embedding.h"
#include "engine/modules/linear.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/losses.h"
#include "engine/operations/reduce.h"
#include "engine/operations/views.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/schedule.h"

namespace ebb::churn {
namespace {

// Enough full-batch steps at this rate for the loss to settle to four digits on tables of 5,000 to
// 10,000 rows; the decay is about scikit-learn's default penalty there.
constexpr std::int64_t kSteps = 400;
constexpr double kLearningRate = 0.05;
constexpr double kWeightDecay = 1e-3;

/// A logistic regression on one-hot categories without the one-hot matrix, whose size is rows times
/// levels: the weight of a level is looked up. The class token's row is the bias.
class LogisticRegression {
 public:
  LogisticRegression(const Scope& scope, const InputSchema& schema)
      : levels_(scope.parameter("levels", {schema.token_rows(), 1}, {}, true)) {
    if (schema.number_count() == 0) return;
    numbers_ = std::make_unique<Linear>(scope.child("numbers"), schema.number_count(), 1,
                                        LinearOptions{.bias = false});
  }

  /// Logits [rows].
  Tensor forward(const Pass& pass, const Batch& batch) const {
    const Tensor weights = embedding(pass, pass.parameter(levels_), batch.token_rows);
    const Tensor logits = sum(pass, weights, 1);
    const Tensor total =
        numbers_ == nullptr ? logits : add(pass, logits, numbers_->forward(pass, batch.numbers));
    return reshape(pass, total, {batch.rows()});
  }

 private:
  const Parameter& levels_;
  std::unique_ptr<Linear> numbers_;  // null: there are no number features
};

Batch batch_of(const InputSchema& schema, const LabelledRows& part) {
  std::vector<std::size_t> rows(part.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return make_batch(schema, to_host(part.features), rows);
}

std::vector<float> predict(Context& context, const LogisticRegression& model, const Batch& batch) {
  std::vector<float> probabilities;
  if (batch.rows() == 0) return probabilities;
  const Tensor logits = model.forward(Pass{context}, batch);
  for (const float logit : logits.values<float>()) {
    probabilities.push_back(probability_of(logit));
  }
  return probabilities;
}

}  // namespace

LogisticBaseline fit_logistic_baseline(const PreparedData& data, const RuntimeConfig& runtime) {
  const InputSchema schema = schema_of(data.pipeline);
  const Batch batch = batch_of(schema, data.train);
  const Tensor targets = Tensor::from_values({batch.rows()}, data.train.labels);
  ParameterSet parameters;
  const LogisticRegression model(Scope(parameters), schema);
  parameters.initialize(0);

  Context context({}, runtime.threads);
  Tape tape(context, &parameters);
  AdamW optimizer(parameters, {.weight_decay = kWeightDecay});
  const Schedule schedule = cosine_schedule(kLearningRate, 0.0, kSteps);
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Pass pass{context, &tape};
    tape.backward(binary_cross_entropy(pass, model.forward(pass, batch), targets));
    optimizer.step(context, tape.gradients(), {.learning_rate = schedule(step)});
    tape.clear();
  }
  return {predict(context, model, batch),
          predict(context, model, batch_of(schema, data.validation)),
          predict(context, model, batch_of(schema, data.test))};
}

}  // namespace ebb::churn
