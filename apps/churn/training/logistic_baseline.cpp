#include "apps/churn/training/logistic_baseline.h"

#include "apps/churn/model/logistic_regression.h"
#include "apps/churn/training/predictor.h"

namespace ebb::churn {
namespace {

std::vector<float> predict(Context& context, const LogisticRegression& model, const Batch& batch) {
  std::vector<float> probabilities;
  if (batch.rows() == 0) return probabilities;
  const Tensor logits = model.logits(context, batch);
  for (const float logit : logits.values<float>()) {
    probabilities.push_back(probability_of(logit));
  }
  return probabilities;
}

}  // namespace

PartScores fit_logistic_baseline(const PreparedData& data, const RuntimeConfig& runtime) {
  const InputSchema schema = schema_of(data.pipeline);
  const Batch batch = make_batch(schema, data.train.features);
  LogisticRegression model(schema);
  Context context({}, runtime.threads);
  model.fit(context, batch, data.train.labels, data.train.weights);
  return {predict(context, model, batch),
          predict(context, model, make_batch(schema, data.validation.features)),
          predict(context, model, make_batch(schema, data.test.features))};
}

}  // namespace ebb::churn
