// Differentiable look-up of rows in a table.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// Row indices[...] of `table` [count, dim]; indices are i32, the result is [..., dim]. Throws
/// Error on an index outside of the table.
Tensor embedding(const Pass& pass, const Tensor& table, const Tensor& indices);

}  // namespace ebb
