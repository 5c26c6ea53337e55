// AdamW: Adam with decoupled weight decay, over all parameters in one pass, the moving average of
// the weights included. With t = step and per element, in this order:
//
//   g        = gradient * gradient_scale, limited to a global norm (kernels/common/clipping.h)
//   p       -= learning_rate * weight_decay * p
//   m       += (1 - beta1) * (g - m)
//   v        = beta2 * v + (1 - beta2) * g^2
//   p       -= learning_rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
//   average += (1 - average_decay) * (p - average)
//
// Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019; the order and the
// place of epsilon are those of torch.optim.AdamW. Factors are computed in f64 and rounded once.
// Elements are independent, so the number of threads changes nothing. Denormal f32 numbers are zero
// (kernels/common/denormals.h), on CUDA where an operand is read and a result written; f64 ones are
// kept. On CUDA all of it is one launch for every 320 segments, which frees the host at once.
#pragma once

#include <span>

#include "kernels/common/clipping.h"
#include "kernels/common/context.h"
#include "kernels/common/segment.h"
#include "kernels/common/step_scalars.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands: flat buffers of one length, dense, of one dtype: f32; on the CPU also f64.
struct AdamWUpdate {
  View parameters;                    // [n], updated
  ConstView gradients;                // [n]
  View first_moment;                  // [n], updated; zeros before step 1
  View second_moment;                 // [n], updated; zeros before step 1
  View average;                       // [n], optional, updated: moving average of the parameters
  double average_decay = 0.999;       // in [0, 1]
  std::span<const Segment> segments;  // ascending; elements in none are left alone
  double learning_rate = 1e-3;
  double beta1 = 0.9;           // in [0, 1)
  double beta2 = 0.999;         // in [0, 1)
  double epsilon = 1e-8;        // 0 or more
  std::int64_t step = 1;        // counted from 1, for the bias correction
  double gradient_scale = 1.0;  // clipping factor of the global norm over accumulated micro-steps
  Clipping clipping;            // by a norm that the host does not know
  // In the device's memory; where given, read instead of learning_rate, average_decay, step and
  // gradient_scale.
  const StepScalars* device_scalars = nullptr;
};

/// The scalars of the step that `parameters` describe.
StepScalars adamw_scalars(const AdamWUpdate& parameters);

/// Empty when the device can update parameters of `dtype`, else the reason why not.
std::string adamw_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where adamw_unsupported says so.
void adamw(Context& context, const AdamWUpdate& parameters);

}  // namespace ebb::kernels
