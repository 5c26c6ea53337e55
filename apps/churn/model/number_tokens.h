// Number features as tokens.
#pragma once

#include "apps/churn/model/input_schema.h"
#include "engine/modules/module.h"

namespace ebb::churn {

/// [rows, features] -> [rows, features, dim]. Each feature has linear maps of its own from
/// encodings of its value x to a token:
///   linear            linear(x, 1)
///   piecewise_linear  linear(share of each quantile bin below x, x, 1)
///   periodic          linear(x, 1) + relu(linear(sin(2 pi c x), cos(2 pi c x), 1)), c learned
class NumberTokens : public Module {
 public:
  NumberTokens(const Scope& scope, const InputSchema& schema, const ModelConfig& config);

  Tensor forward(const Pass& pass, const Tensor& input) const override;

 private:
  Tensor periodic_part(const Pass& pass, const Tensor& input) const;

  NumberEmbedding kind_;
  Tensor edges_;             // of piecewise_linear: [features, most bins + 1], padded
  Tensor edge_counts_;       // of piecewise_linear: i32 [features], bins
  const Parameter* weight_;  // [features, encoding, dim]
  const Parameter* frequencies_ = nullptr;      // of periodic: [features, frequencies]
  const Parameter* periodic_weight_ = nullptr;  // of periodic: [features, 2 * frequencies + 1, dim]
};

}  // namespace ebb::churn
