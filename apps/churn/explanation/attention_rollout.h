// Attention rollout: from which columns the class token gathers what the head reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"
#include "apps/churn/model/ft_transformer.h"

namespace ebb::churn {

struct AttentionRollout {
  /// Of each column, the mean over rows: shares that add up to 1 with `class_token`.
  std::vector<double> columns;
  /// What the class token keeps of itself.
  double class_token = 0.0;
};

/// Rollout (Abnar and Zuidema, "Quantifying attention flow in transformers", 2020): with the
/// attention A_l of layer l, the mean over its heads, the row of the class token in
///
///     product over layers of (A_l + 1) / 2
///
/// where 1 stands for the residual connection. It shows where the network looks, not what it makes
/// of what it sees: values, feed-forward blocks and the head may turn it up, down or around, so
/// that it is no explanation by itself (Jain and Wallace, "Attention is not explanation", 2019).
/// The same bits for any number of threads. On the CPU. Throws as Predictor; Error without rows.
AttentionRollout attention_rollout(const InputSchema& schema, const ModelConfig& config,
                                   const std::map<std::string, Tensor>& weights,
                                   const std::vector<FeatureColumn>& columns,
                                   const preprocessing::EncodedRows& rows, int threads = 0);

}  // namespace ebb::churn
