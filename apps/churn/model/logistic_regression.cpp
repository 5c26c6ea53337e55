#include "apps/churn/model/logistic_regression.h"

#include "engine/operations/elementwise.h"
#include "engine/operations/embedding.h"
#include "engine/operations/linear.h"
#include "engine/operations/losses.h"
#include "engine/operations/reduce.h"
#include "engine/operations/views.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/schedule.h"

namespace ebb::churn {
namespace {

// Enough full-batch steps at this rate for the loss to settle to four digits on tables of 5,000 to
// 10,000 rows.
constexpr std::int64_t kSteps = 400;
constexpr double kLearningRate = 0.05;

Tensor sum_of_squares(const Pass& pass, const Tensor& weights) {
  return sum(pass, multiply(pass, weights, weights));
}

}  // namespace

LogisticRegression::LogisticRegression(const InputSchema& schema) {
  const Scope scope(parameters_);
  levels_ = &scope.parameter("levels", {schema.token_rows(), 1}, {}, true);
  if (schema.number_count() > 0)
    numbers_ = &scope.parameter("numbers", {1, schema.number_count()}, {}, true);
  parameters_.initialize(0);
}

Tensor LogisticRegression::forward(const Pass& pass, const Batch& batch) const {
  const Tensor weights = embedding(pass, pass.parameter(*levels_), batch.token_rows);
  const Tensor levels = sum(pass, weights, 1);
  if (numbers_ == nullptr) return reshape(pass, levels, {batch.rows()});
  const Tensor numbers = linear(pass, batch.numbers, pass.parameter(*numbers_), Tensor());
  return reshape(pass, add(pass, levels, numbers), {batch.rows()});
}

Tensor LogisticRegression::penalty(const Pass& pass, std::int64_t rows) const {
  const Tensor levels = pass.parameter(*levels_);
  Tensor squares = sum_of_squares(pass, slice(pass, levels, 0, 1, levels.extent(0) - 1));
  if (numbers_ != nullptr)
    squares = add(pass, squares, sum_of_squares(pass, pass.parameter(*numbers_)));
  return scale(pass, squares, 0.5 / static_cast<double>(rows));
}

void LogisticRegression::fit(Context& context, const Batch& batch, std::span<const float> labels,
                             std::span<const float> weights) {
  const Tensor targets = Tensor::from_values({batch.rows()}, labels);
  const BinaryCrossEntropyOptions options{
      .sample_weights = weights.empty() ? Tensor() : Tensor::from_values({batch.rows()}, weights),
      .normalizer = static_cast<double>(batch.rows())};
  Tape tape(context, &parameters_);
  AdamW optimizer(parameters_, {.weight_decay = 0.0});
  const Schedule schedule = cosine_schedule(kLearningRate, 0.0, kSteps);
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Pass pass{context, &tape};
    const Tensor loss = binary_cross_entropy(pass, forward(pass, batch), targets, options);
    tape.backward(add(pass, loss, penalty(pass, batch.rows())));
    optimizer.step(context, tape.gradients(), {.learning_rate = schedule(step)});
    tape.clear();
  }
}

Tensor LogisticRegression::logits(Context& context, const Batch& batch) const {
  return forward(Pass{context}, batch);
}

std::span<const float> LogisticRegression::number_weights() const {
  if (numbers_ == nullptr) return {};
  return numbers_->value.values<float>();
}

std::span<const float> LogisticRegression::level_weights() const {
  return levels_->value.values<float>();
}

}  // namespace ebb::churn
