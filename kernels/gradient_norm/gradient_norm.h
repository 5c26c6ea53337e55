// The norm of a flat gradient, found where the gradient lies: partial sums of its squares, which
// optimisers add up themselves (kernels/common/clipping.h). So clipping by the global norm and the
// update of all parameters are two passes, and on CUDA two launches, one more for every 320
// parameters after the first 320 (common/cuda/segments.cuh), between which the host reads nothing.
//
//   sum over b of squares[b] = sum over i of gradient[i]^2
//
// Sums are taken in f64: squares of f32 numbers neither overflow nor vanish in it. The parts are
// fixed by n alone, so the same gradient gives the same bits, on the CPU for any number of threads.
// NaN in the gradient gives a NaN sum.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

struct GradientNorm {
  ConstView gradient;  // [n], dense, f32; on the CPU also f64
  View squares;        // f64 [gradient_norm_parts(n)], overwritten; its sum is the norm's square
};

/// How many partial sums a gradient of `n` elements has: at most 1024.
std::int64_t gradient_norm_parts(std::int64_t n);

/// Empty when the device can take the norm of gradients of `dtype`, else the reason why not.
std::string gradient_norm_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where gradient_norm_unsupported says
/// so. On the CPU it needs 8 bytes of workspace per 4096 elements.
void gradient_norm(Context& context, const GradientNorm& parameters);

}  // namespace ebb::kernels
