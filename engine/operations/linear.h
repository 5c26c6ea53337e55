// Differentiable linear layers and matrix products.
#pragma once

#include "engine/operations/packed_weights.h"
#include "engine/pass.h"
#include "kernels/activation/activation.h"

namespace ebb {

using kernels::Activation;

/// dropout(activation(input · weightᵀ + bias)), fused. input [..., in], weight [out, in], bias
/// [out] or undefined; the result is [..., out]. `packed` is a bf16 copy of the weight: then input,
/// weight and gradients are rounded for the products. Throws Error on shapes that do not fit.
Tensor linear(const Pass& pass, const Tensor& input, const Tensor& weight, const Tensor& bias,
              Activation activation = Activation::identity, const DropoutSpec& dropout = {},
              const PackedWeight& packed = {});

/// The same of simpler operations: what the fused one is tested against.
Tensor linear_composed(const Pass& pass, const Tensor& input, const Tensor& weight,
                       const Tensor& bias, Activation activation = Activation::identity,
                       const DropoutSpec& dropout = {});

/// a · b over the last two dimensions. a [batch..., m, k], b [batch..., k, n].
Tensor matmul(const Pass& pass, const Tensor& a, const Tensor& b);

}  // namespace ebb
