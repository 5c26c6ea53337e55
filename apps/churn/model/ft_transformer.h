// The FT-Transformer: each column of a table becomes a token, a Transformer mixes them, and a head
// reads the prediction off an extra token.
// Source: Gorishniy et al., "Revisiting deep learning models for tabular data", 2021; number
// embeddings: Gorishniy et al., "On embeddings for numerical features in tabular deep learning",
// 2022.
#pragma once

#include <memory>

#include "apps/churn/model/input_schema.h"
#include "engine/modules/embedding.h"
#include "engine/modules/transformer_encoder.h"

namespace ebb::churn {

class NumberTokens;

class FTTransformer {
 public:
  /// Declares the parameters in `scope`. Throws Error on sizes that do not fit, DataError on a
  /// schema without features or with more than 2048.
  FTTransformer(const Scope& scope, const InputSchema& schema, const ModelConfig& config);
  ~FTTransformer();

  /// The logit of the positive class, [rows, 1]: of an ensemble the mean of its members' logits.
  Tensor forward(const Pass& pass, const Batch& batch) const;
  /// Each member's logit, [rows, config.members].
  Tensor member_logits(const Pass& pass, const Batch& batch) const;

  /// Each layer's attention weights, [rows, heads, tokens, tokens], tokens in the order of
  /// InputSchema::tokens().
  std::vector<Tensor> attention_probabilities(const Pass& pass, const Batch& batch) const;

  /// The two halves of forward(): each column as a token, [rows, tokens, dim] in the order of
  /// InputSchema::tokens(), and what the encoder and the head make of them.
  Tensor embed(const Pass& pass, const Batch& batch) const;
  Tensor forward_tokens(const Pass& pass, const Tensor& tokens) const;

  /// What the head reads of a row, [rows, dim]: the class token after the encoder.
  Tensor class_tokens(const Pass& pass, const Tensor& tokens) const;

 private:
  Embedding token_table_;                        // class token and category tokens
  std::unique_ptr<NumberTokens> number_tokens_;  // null without number features
  TransformerEncoder encoder_;
  std::unique_ptr<Module> head_;  // Linear, or MemberHeads of an ensemble
  bool is_ensemble_;
};

/// A network with the parameters it owns, ready to run.
struct Network {
  Network(const InputSchema& schema, const ModelConfig& config, std::uint64_t seed,
          DType dtype = DType::f32, Device device = {});

  ParameterSet parameters;
  FTTransformer model;
};

/// Rows of a batch that a lane should take at a time, each of `tokens`, so that a shard's
/// activations stay in a second-level cache.
std::int64_t rows_per_shard(std::int64_t tokens);

/// Nominal floating-point operations of the forward direction for one row: matrix products and
/// attention of all layers over all tokens, and an ensemble's heads. Training takes three times as
/// many.
double forward_flops_per_row(const InputSchema& schema, const ModelConfig& config);

}  // namespace ebb::churn
