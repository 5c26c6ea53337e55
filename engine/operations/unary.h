// Differentiable functions of one number, element by element.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// e^input.
Tensor exp(const Pass& pass, const Tensor& input);
/// The natural logarithm; NaN below 0.
Tensor log(const Pass& pass, const Tensor& input);
/// The square root; NaN below 0.
Tensor sqrt(const Pass& pass, const Tensor& input);
/// 1 / input.
Tensor reciprocal(const Pass& pass, const Tensor& input);

}  // namespace ebb
