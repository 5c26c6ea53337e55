// Element-by-element arithmetic and conversions.
//
// Arithmetic takes f32 or f64 on the CPU; on CUDA f32, bf16 or f16, computed in f32 and rounded
// once. Results do not depend on the number of threads: elements are independent.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

enum class BinaryOperation { add, subtract, multiply };

/// output = first (+, - or *) second. All dense, of one dtype.
struct Binary {
  BinaryOperation operation = BinaryOperation::add;
  ConstView first;   // [leading..., shape of second...]
  ConstView second;  // as first, or its last dimensions only: then repeated over the leading ones
  View output;       // as first; may be first, and second where that has the same shape
};

/// output = factor * input. Dense, of one dtype.
struct Scale {
  ConstView input;
  double factor = 1.0;  // rounded to accumulation_dtype of the operands first
  View output;          // as input, which it may be
};

/// output += alpha * input, rounded once where the instruction set has a fused multiply-add, as
/// CUDA has. Dense, of one dtype.
struct Accumulate {
  ConstView input;
  double alpha = 1.0;  // rounded to accumulation_dtype of the operands first
  View output;         // as input
};

/// output = value, converted as by Cast from f64. Dense, of any dtype.
struct Fill {
  double value = 0.0;
  View output;
};

/// output = input in another dtype (or the same). Dense, any dtypes, no overlap.
///
/// To a floating type: rounded to nearest, ties to even (from f64 to bf16 and f16 by way of f32,
/// so rounded twice); overflow gives an infinity. To an integer: truncated towards zero; values out
/// of its range become the nearest end of it, NaN becomes 0.
struct Cast {
  ConstView input;
  View output;  // as input but for the dtype
};

/// Empty when the device can do arithmetic on `dtype`, else the reason why not. Fill and Cast run
/// on every dtype and device.
std::string elementwise_unsupported(Device device, DType dtype);

/// These throw Error on operands that do not fit; the first three throw UnsupportedError where
/// elementwise_unsupported says so.
void binary(Context& context, const Binary& parameters);
void scale(Context& context, const Scale& parameters);
void accumulate(Context& context, const Accumulate& parameters);
void fill(Context& context, const Fill& parameters);
void cast(Context& context, const Cast& parameters);

}  // namespace ebb::kernels
