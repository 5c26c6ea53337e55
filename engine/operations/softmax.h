// Differentiable softmax.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// exp(input) over its sum, along the last dimension, without overflow. A row of -inf gives NaN.
Tensor softmax(const Pass& pass, const Tensor& input);

}  // namespace ebb
