// A fitted network for prediction.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/churn/model/ft_transformer.h"

namespace ebb::churn {

class Predictor {
 public:
  /// `weights` by parameter name. Throws DataError when a name or shape does not fit the schema,
  /// UnsupportedError on a precision that the device lacks.
  Predictor(const InputSchema& schema, const ModelConfig& config,
            const std::map<std::string, Tensor>& weights, const RuntimeConfig& runtime,
            Precision precision = Precision::f32);
  ~Predictor();

  /// Other weights for the same network, flat, in the layout of ParameterSet::buffer().
  void set_weights(const Tensor& flat);

  /// The probability of the positive class for each row; the same bits for any number of threads.
  std::vector<float> probabilities(const preprocessing::EncodedRows& rows);
  /// The same as log-odds, before probability_of().
  std::vector<float> logits(const preprocessing::EncodedRows& rows);
  /// What the network makes of each row before its head, [rows, dim] (FTTransformer::class_tokens):
  /// customers whom it takes for alike are near each other. Computed where the network runs.
  std::vector<float> embeddings(const preprocessing::EncodedRows& rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 1 / (1 + exp(-logit)).
float probability_of(float logit);

}  // namespace ebb::churn
