// Binary cross-entropy of logits, with its gradient, in one pass over them.
//
//   y    = target * (1 - label_smoothing) + label_smoothing / 2
//   p, q = sigmoid(x), sigmoid(-x)
//   row  = positive_weight * y * q^focusing * log(1 + e^-x) + (1 - y) * p^focusing * log(1 + e^x)
//   loss = sum over rows of weight * row / normalizer
//   grad = weight / normalizer * ((1 - y) * p^focusing * (p + focusing * q * log(1 + e^x))
//          - positive_weight * y * q^focusing * (q + focusing * p * log(1 + e^-x)))
//
// with log(1 + e^x) = max(x, 0) + log1p(e^-|x|), which neither overflows nor cancels; a term whose
// factor is 0 is left out, so that a logit of +inf for a target of 1 costs 0, not NaN. With
// focusing = 0 it is the plain cross-entropy, above it the focal loss, in which rows that are
// predicted well count less (Lin et al., "Focal loss for dense object detection", 2017). Powers are
// q^focusing = e^(-focusing * log(1 + e^x)).
//
// Rows are summed in f32 (f64 for f64 operands) over fixed blocks, which are added in order: the
// result does not depend on the number of threads. Workspace: 4 bytes per 256 rows.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands: dense, of one dtype where no other is named: f32 or f64; on CUDA f32, bf16 or f16,
/// with the loss in f32.
struct BinaryCrossEntropy {
  ConstView logits;          // [n]
  ConstView targets;         // [n], in [0, 1] (not checked)
  ConstView sample_weights;  // [n], optional; a row of weight 0 counts for nothing, as if ignored
  ConstView ignored;  // u8 [n], optional; where not 0 the row counts for nothing, even if NaN
  double positive_weight = 1.0;  // of the target's share of 1; above 0
  double label_smoothing = 0.0;  // in [0, 1]
  double focusing = 0.0;         // gamma of the focal loss, 0 or more and finite
  /// What the weighted sum is divided by. 0: the sum of the weights of the rows that count. Who
  /// sees one shard of a batch gives that of the whole batch.
  double normalizer = 0.0;
  View loss;         // scalar; 0 when no row counts
  View grad_logits;  // [n], optional; 0 in rows that do not count
};

/// Empty when the device can compute this loss in `dtype`, else the reason why not.
std::string binary_cross_entropy_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where
/// binary_cross_entropy_unsupported says so.
void binary_cross_entropy(Context& context, const BinaryCrossEntropy& parameters);

}  // namespace ebb::kernels
