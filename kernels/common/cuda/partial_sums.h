// The last step of sums over rows that blocks have begun. For .cu files.
#pragma once

#include <cstdint>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::cuda {

/// output[c] = (or +=) the sum over r of partials[r, c], in f32, in an order that depends on the
/// shape alone. `partials`: f32 [rows, columns] in device memory; `output`: f32, bf16 or f16
/// [columns], dense.
void sum_partial_rows(const Context& context, const float* partials, std::int64_t rows,
                      std::int64_t columns, const View& output, bool accumulate);

}  // namespace ebb::cuda
