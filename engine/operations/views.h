// Differentiable views and joins of tensors.
#pragma once

#include <span>

#include "engine/pass.h"

namespace ebb {

/// The same elements in another shape; input must be contiguous.
Tensor reshape(const Pass& pass, const Tensor& input, const Shape& shape);
/// Two dimensions swapped; a view, not contiguous in general.
Tensor transpose(const Pass& pass, const Tensor& input, int first, int second);
/// Elements [begin, begin + count) of a dimension; a view.
Tensor slice(const Pass& pass, const Tensor& input, int dimension, std::int64_t begin,
             std::int64_t count);
/// A row-major copy; input itself when it is contiguous.
Tensor contiguous(const Pass& pass, const Tensor& input);
/// The first `count` of dimension 1, as a row-major copy; input itself when that is all.
Tensor leading(const Pass& pass, const Tensor& input, std::int64_t count);
/// Tensors one after the other along `dimension`; their other extents must agree.
Tensor concat(const Pass& pass, std::span<const Tensor> inputs, int dimension);

}  // namespace ebb
