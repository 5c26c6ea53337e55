// Differentiable losses: a scalar, with the gradient found in the same pass over the logits.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// See kernels/binary_cross_entropy/binary_cross_entropy.h for the formulas.
struct BinaryCrossEntropyOptions {
  Tensor sample_weights;         // [n], as logits; undefined: all 1
  Tensor ignored;                // u8 [n]; nonzero rows do not count; undefined: none
  double positive_weight = 1.0;  // of rows with target 1
  double label_smoothing = 0.0;
  double focusing = 0.0;    // gamma of the focal loss; 0: the plain cross-entropy
  double normalizer = 0.0;  // what the sum is divided by; 0: the sum of the weights that count
};

/// Mean binary cross-entropy of logits [n] (or [n, 1]) against targets [n] in [0, 1].
Tensor binary_cross_entropy(const Pass& pass, const Tensor& logits, const Tensor& targets,
                            const BinaryCrossEntropyOptions& options = {});

/// See kernels/cross_entropy/cross_entropy.h for the formulas.
struct CrossEntropyOptions {
  Tensor class_weights;  // [classes]; undefined: all 1
  double label_smoothing = 0.0;
  std::int32_t ignore_index = -100;
  double normalizer = 0.0;
};

/// Mean cross-entropy of logits [n, classes] against targets i32 [n].
Tensor cross_entropy(const Pass& pass, const Tensor& logits, const Tensor& targets,
                     const CrossEntropyOptions& options = {});

/// Mean of (prediction - target)^2 over all elements.
Tensor mean_squared_error(const Pass& pass, const Tensor& prediction, const Tensor& target,
                          double normalizer = 0.0);

/// The same of simpler operations: what the fused ones are tested against. They find a gradient
/// through every step, are exact only for finite logits and read their operands on the host.
Tensor binary_cross_entropy_composed(const Pass& pass, const Tensor& logits, const Tensor& targets,
                                     const BinaryCrossEntropyOptions& options = {});
Tensor cross_entropy_composed(const Pass& pass, const Tensor& logits, const Tensor& targets,
                              const CrossEntropyOptions& options = {});
Tensor mean_squared_error_composed(const Pass& pass, const Tensor& prediction, const Tensor& target,
                                   double normalizer = 0.0);

}  // namespace ebb
