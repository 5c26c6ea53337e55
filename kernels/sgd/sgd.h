// Stochastic gradient descent with momentum, over all parameters in one pass, the moving average of
// the weights included. Per element, in this order:
//
//   g        = gradient * gradient_scale + weight_decay * p, with the first product limited to a
//              global norm (kernels/common/clipping.h)
//   b        = momentum * b + g
//   p       -= learning_rate * (nesterov ? g + momentum * b : b)
//   average += (1 - average_decay) * (p - average)
//
// as torch.optim.SGD without dampening. Without momentum b is g. Elements are independent, so the
// number of threads changes nothing. Denormal f32 numbers are zero (kernels/common/denormals.h), on
// CUDA where an operand is read and a result written. On CUDA all of it is one launch for every 320
// segments, which frees the host at once.
#pragma once

#include <span>

#include "kernels/common/clipping.h"
#include "kernels/common/context.h"
#include "kernels/common/segment.h"
#include "kernels/common/step_scalars.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands: flat buffers of one length, dense, of one dtype: f32; on the CPU also f64.
struct SgdUpdate {
  View parameters;                    // [n], updated
  ConstView gradients;                // [n]
  View momentum_buffer;               // [n], updated; needed with momentum; zeros before step 1
  View average;                       // [n], optional, updated: moving average of the parameters
  double average_decay = 0.999;       // in [0, 1]
  std::span<const Segment> segments;  // ascending; elements in none are left alone
  double learning_rate = 1e-2;
  double momentum = 0.0;        // in [0, 1)
  bool nesterov = false;        // needs momentum
  double gradient_scale = 1.0;  // clipping factor of the global norm over accumulated micro-steps
  Clipping clipping;            // by a norm that the host does not know
  // In the device's memory; where given, read instead of learning_rate, average_decay and
  // gradient_scale.
  const StepScalars* device_scalars = nullptr;
};

/// The scalars of the step that `parameters` describe.
StepScalars sgd_scalars(const SgdUpdate& parameters);

/// Empty when the device can update parameters of `dtype`, else the reason why not.
std::string sgd_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where sgd_unsupported says so.
void sgd(Context& context, const SgdUpdate& parameters);

}  // namespace ebb::kernels
