// Dropout: output = input * factor, where the factor of an element is 1 / (share kept) or 0 by
// kernels/common/philox.h. The backward direction is the same operation on the gradient.
// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
// 2014, in the inverted form.
//
// NaN stays NaN, even where it is dropped, and a dropped infinity becomes NaN. Results do not
// depend on the number of threads: the factor depends on the index of the element alone.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands, dense, of one dtype: f32 or f64; on CUDA f32, bf16 or f16.
struct Dropout {
  ConstView input;      // any shape
  DropoutSpec dropout;  // with probability 0 the input is copied
  View output;          // as input, which it may be
};

/// Empty when the device can run dropout on `dtype`, else the reason why not.
std::string dropout_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where dropout_unsupported says so.
void dropout(Context& context, const Dropout& parameters);

}  // namespace ebb::kernels
