// Copies between views of any strides: transposing, slicing, concatenating, broadcasting.
//
//   output = input, or output += input
//
// Results do not depend on the number of threads: elements are independent.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of equal shape (up to 6 dimensions) and dtype; they may not overlap.
struct Copy {
  ConstView input;          // any strides; a stride of 0 repeats
  View output;              // any strides that give each element its own place
  bool accumulate = false;  // add to the output instead of overwriting it
};

/// Empty when the device can copy `dtype`, else the reason why not: a plain copy takes every dtype,
/// an accumulating one f32 and f64, on CUDA f32, bf16 and f16 (added in f32, rounded once).
std::string copy_unsupported(Device device, DType dtype, bool accumulate);

/// Throws Error on operands that do not fit, UnsupportedError where copy_unsupported says so.
void copy(Context& context, const Copy& parameters);

}  // namespace ebb::kernels
