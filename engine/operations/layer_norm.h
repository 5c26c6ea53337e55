// Differentiable layer normalisation.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// Normalises the last dimension: (input - mean) / sqrt(variance + epsilon) * gamma + beta.
/// input [..., columns], gamma and beta [columns].
Tensor layer_norm(const Pass& pass, const Tensor& input, const Tensor& gamma, const Tensor& beta,
                  double epsilon = 1e-5);

/// The stream of a residual network after an addition, and its normalised form.
struct ResidualNorm {
  Tensor sum;     // residual + dropout(input)
  Tensor output;  // layer_norm(sum)
};

/// Adds and normalises in one pass over memory. residual and input [..., columns].
ResidualNorm add_layer_norm(const Pass& pass, const Tensor& residual, const Tensor& input,
                            const Tensor& gamma, const Tensor& beta, const DropoutSpec& dropout,
                            double epsilon = 1e-5);

/// layer_norm of simpler operations: what the fused one is tested against.
Tensor layer_norm_composed(const Pass& pass, const Tensor& input, const Tensor& gamma,
                           const Tensor& beta, double epsilon = 1e-5);

}  // namespace ebb
