// Differentiable piecewise linear encoding of number features.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// input [rows, features] -> [rows, features, bins + 2]: the share of each bin, the number itself,
/// and 1. edges [features, bins + 1] of the dtype of input, counts i32 [features]; see
/// kernels/piecewise_linear_encoding/piecewise_linear_encoding.h for the formula. Edges have no
/// gradient.
Tensor piecewise_linear_encoding(const Pass& pass, const Tensor& input, const Tensor& edges,
                                 const Tensor& counts);

}  // namespace ebb
