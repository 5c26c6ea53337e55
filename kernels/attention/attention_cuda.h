// The CUDA kernels of attention: by FMA in f32, by tensor cores in bf16, f16 and TF32.
#pragma once

#include "kernels/attention/attention.h"

namespace ebb::kernels::cuda {

/// Whether f32 operands are multiplied exactly, by FMA; others go through tensor cores.
bool takes_fma(const AttentionInputs& p);

void attention_fma(const Context& context, const AttentionForward& p);
void attention_mma(const Context& context, const AttentionForward& p);

/// All gradients but grad_bias. `deltas`: workspace of a float for each row of queries.
void attention_backward_fma(const Context& context, const AttentionBackward& p, float* deltas);
void attention_backward_mma(const Context& context, const AttentionBackward& p, float* deltas);

/// How the sum over the heads that share a bias is divided. Depends on the shape alone.
struct BiasGradientPlan {
  explicit BiasGradientPlan(const AttentionBackward& p);

  /// Floats of workspace needed; 0 where grad_bias itself takes the sums.
  std::size_t partial_sums() const {
    return direct ? 0 : static_cast<std::size_t>(slices * elements);
  }

  std::int64_t matrices = 0;  // [queries, keys] of grad_bias
  std::int64_t members = 0;   // heads that share one
  std::int64_t slices = 0;    // parts that the members are summed in
  std::int64_t elements = 0;  // of grad_bias
  bool direct = true;
};

/// Writes the gradients of the bias, summed in slices, to `sums`: f32, as grad_bias, the slices
/// after each other.
void attention_bias_gradient_fma(const Context& context, const AttentionBackward& p,
                                 const BiasGradientPlan& plan, const View& sums);
void attention_bias_gradient_mma(const Context& context, const AttentionBackward& p,
                                 const BiasGradientPlan& plan, const View& sums);

}  // namespace ebb::kernels::cuda
