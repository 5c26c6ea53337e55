// Differentiable sums and means, and their reverse: repetition.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// Of all elements: a scalar.
Tensor sum(const Pass& pass, const Tensor& input);
Tensor mean(const Pass& pass, const Tensor& input);

/// Over one dimension, which the result lacks; a negative one counts from the last. Throws Error
/// when input has no such dimension.
Tensor sum(const Pass& pass, const Tensor& input, int dimension);
Tensor mean(const Pass& pass, const Tensor& input, int dimension);

/// `count` copies of input, counted by a new dimension that is number `dimension` of the result;
/// a negative one counts from the last. Its backward direction is sum(dimension).
Tensor repeat(const Pass& pass, const Tensor& input, int dimension, std::int64_t count);

}  // namespace ebb
