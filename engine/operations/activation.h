// Differentiable activation functions.
#pragma once

#include "engine/pass.h"
#include "kernels/activation/activation.h"

namespace ebb {

/// kind(input), element by element; see kernels/activation/activation.h for the formulas.
Tensor activate(const Pass& pass, const Tensor& input, kernels::Activation kind);

}  // namespace ebb
