// A logistic regression on encoded rows, fitted by the engine that trains the network.
#pragma once

#include <span>

#include "apps/churn/model/input_schema.h"
#include "engine/autograd/parameters.h"
#include "engine/pass.h"

namespace ebb::churn {

/// logit = bias + sum of number times weight + sum of the weights of the row's levels: one-hot
/// categories without the one-hot matrix, whose size is rows times levels. On the CPU. The same
/// bits for any number of threads.
class LogisticRegression {
 public:
  /// All weights start at 0: the loss has one minimum, and features that are equal share it
  /// equally.
  explicit LogisticRegression(const InputSchema& schema);

  /// Fits it to `labels`, 0 or 1 for each row, which counts for its weight if there are any: full
  /// batches, AdamW with a cosine schedule, and scikit-learn's default penalty, half of the sum of
  /// squared weights but for the bias: it holds back the weight of a level that few rows have.
  void fit(Context& context, const Batch& batch, std::span<const float> labels,
           std::span<const float> weights = {});
  /// Logits [rows].
  Tensor logits(Context& context, const Batch& batch) const;

  /// A weight for each number.
  std::span<const float> number_weights() const;
  /// A weight for each row of the token table: the bias, then those of every category's codes.
  std::span<const float> level_weights() const;

 private:
  Tensor forward(const Pass& pass, const Batch& batch) const;
  /// Divided by rows, as the loss is a mean.
  Tensor penalty(const Pass& pass, std::int64_t rows) const;

  ParameterSet parameters_;
  const Parameter* levels_;
  const Parameter* numbers_ = nullptr;  // null: there are no number features
};

}  // namespace ebb::churn
