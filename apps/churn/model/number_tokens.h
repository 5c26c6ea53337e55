// Number features as tokens.
#pragma once

#include "apps/churn/model/input_schema.h"
#include "engine/modules/module.h"

namespace ebb::churn {

/// [rows, features] -> [rows, features, dim]: each number is encoded, and each feature has a linear
/// map of its own from its encoding to a token. An encoding holds a constant 1, which is the bias.
///   linear            (value, 1)
///   piecewise_linear  (share of each quantile bin below the value, value, 1)
///   periodic          (sin and cos of 2 pi c value with learned c, 1), then ReLU
class NumberTokens : public Module {
 public:
  NumberTokens(const Scope& scope, const InputSchema& schema, const ModelConfig& config);

  Tensor forward(const Pass& pass, const Tensor& input) const override;

 private:
  Tensor encode(const Pass& pass, const Tensor& input) const;

  NumberEmbedding kind_;
  Tensor edges_;                            // [features, most bins + 1], padded
  Tensor edge_counts_;                      // i32 [features]
  const Parameter* frequencies_ = nullptr;  // [features, frequencies], of periodic
  const Parameter* weight_;                 // [features, encoding, dim]
};

}  // namespace ebb::churn
