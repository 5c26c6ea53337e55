// Cross-entropy of logits over classes, with its gradient, in one pass over them.
//
//   q    = class_weight * ((1 - label_smoothing) * [class == target] + label_smoothing / classes)
//   row  = sum over classes of q * (log-sum-exp(logits) - logit)
//   loss = sum over rows of row / normalizer
//   grad = (softmax(logits) * sum(q) - q) / normalizer
//
// Means what PyTorch's F.cross_entropy means with reduction "mean", but for rows that cannot count
// (see loss below) and for a class of weight 0, which costs 0 also where its logit is -inf. The
// row's maximum is subtracted before exp. A logit of +inf or NaN, or a row of -inf, gives NaN.
//
// Statistics and sums are f32 (f64 for f64 operands). Rows are summed over fixed blocks, which are
// added in order: the result does not depend on the number of threads. Workspace: 4 bytes per block
// of rows (about 4096 logits each).
#pragma once

#include <cstdint>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands: dense, of one dtype where no other is named: f32 or f64; on CUDA f32, bf16 or f16,
/// with the loss in f32.
struct CrossEntropy {
  ConstView logits;                  // [n, classes]
  ConstView targets;                 // i32 [n], each in [0, classes) or ignore_index; else Error,
                                     // on CUDA a loss and a gradient of NaN
  ConstView class_weights;           // [classes], optional
  double label_smoothing = 0.0;      // in [0, 1]
  std::int32_t ignore_index = -100;  // rows of this target count for nothing, even if NaN
  /// What the sum is divided by. 0: the sum over the rows that count of the weight of their
  /// target's class. Who sees one shard of a batch gives that of the whole batch.
  double normalizer = 0.0;
  View loss;         // scalar; 0 when no row counts (there PyTorch gives NaN)
  View grad_logits;  // [n, classes], optional; 0 in rows that do not count
};

/// Empty when the device can compute this loss in `dtype`, else the reason why not.
std::string cross_entropy_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit and on a target out of range, naming its row and value;
/// UnsupportedError where cross_entropy_unsupported says so.
void cross_entropy(Context& context, const CrossEntropy& parameters);

}  // namespace ebb::kernels
