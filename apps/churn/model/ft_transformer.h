// The FT-Transformer: each column of a table becomes a token, a Transformer mixes them, and a head
// reads the prediction off an extra token.
// Source: Gorishniy et al., "Revisiting deep learning models for tabular data", 2021; number
// embeddings: Gorishniy et al., "On embeddings for numerical features in tabular deep learning",
// 2022.
#pragma once

#include <memory>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "engine/modules/linear.h"
#include "engine/modules/transformer_encoder.h"

namespace ebb::churn {

/// What the network must know of its inputs.
struct InputSchema {
  std::vector<std::vector<double>> bin_edges;  // ascending, one list per number feature
  std::vector<std::int32_t> cardinalities;     // codes per category feature

  std::int64_t number_count() const { return static_cast<std::int64_t>(bin_edges.size()); }
  std::int64_t category_count() const { return static_cast<std::int64_t>(cardinalities.size()); }
  /// Number features, category features, and the token that the head reads.
  std::int64_t tokens() const { return number_count() + category_count() + 1; }
};

/// One batch of model inputs.
struct Batch {
  Tensor numbers;  // [rows, number_count] of the model's dtype
  Tensor codes;    // i32 [rows, category_count]
};

class NumberTokens;
class CategoryTokens;

class FTTransformer {
 public:
  /// Declares the parameters in `scope`. Throws Error on sizes that do not fit, DataError on a
  /// schema without features.
  FTTransformer(const Scope& scope, const InputSchema& schema, const ModelConfig& config);
  ~FTTransformer();

  /// The logit of the positive class, [rows].
  Tensor forward(const Pass& pass, const Batch& batch) const;

 private:
  Tensor tokens(const Pass& pass, const Batch& batch) const;

  std::unique_ptr<NumberTokens> number_tokens_;      // null without number features
  std::unique_ptr<CategoryTokens> category_tokens_;  // null without category features
  const Parameter* class_token_;                     // [dim]
  TransformerEncoder encoder_;
  std::unique_ptr<LayerNorm> norm_;  // of a post-norm encoder; a pre-norm one has its own
  Linear head_;
};

}  // namespace ebb::churn
