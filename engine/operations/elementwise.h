// Differentiable arithmetic, element by element.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// first + second, first - second, first * second. `second` has the shape of `first`, or that of
/// its last dimensions only and is then repeated over the leading ones (a scalar over all of them).
/// Throws Error on shapes that do not fit.
Tensor add(const Pass& pass, const Tensor& first, const Tensor& second);
Tensor subtract(const Pass& pass, const Tensor& first, const Tensor& second);
Tensor multiply(const Pass& pass, const Tensor& first, const Tensor& second);

/// factor * input.
Tensor scale(const Pass& pass, const Tensor& input, double factor);

}  // namespace ebb
