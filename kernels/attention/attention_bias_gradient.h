// The pass of attention's backward direction that makes grad_bias on CUDA.
#pragma once

#include "kernels/attention/attention.h"

namespace ebb::kernels::cuda {

/// How the sum over the heads that share a bias is divided. Depends on the shape alone.
struct BiasGradientPlan {
  explicit BiasGradientPlan(const AttentionBackward& p);

  /// Floats of workspace needed.
  std::size_t partial_sums() const {
    return slices > 1 ? static_cast<std::size_t>(slices * elements) : 0;
  }

  std::int64_t members = 0;   // heads that share an element of the bias
  std::int64_t slices = 0;    // parts that the members are summed in
  std::int64_t elements = 0;  // of grad_bias
};

/// Writes grad_bias; `partial_sums` has what the plan asks for.
void attention_bias_gradient(const Context& context, const AttentionBackward& p,
                             const BiasGradientPlan& plan, float* partial_sums);

}  // namespace ebb::kernels::cuda
