// Number features from columns of f64, row by row: what is missing filled in, the rest scaled.
//
//   output[r, i]          = f32(scale_i(values_i[r])), filled_i where values_i[r] is NaN
//   output[r, features+k] = 1 where the value of the k-th feature with an indicator is NaN, else 0
//
// scale_i is scale_value() of scaling/scale_value.h, in f64; f32() rounds to nearest, and to the
// largest finite number where that would be an infinity. Rows are independent. The CPU and CUDA
// compute by the same source without fused operations: the same bits.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"
#include "preprocessing/scaling/scaling.h"

namespace ebb::preprocessing {

/// One number feature.
struct NumberInput {
  const double* values = nullptr;  ///< [rows], in the memory of the context's device; NaN: missing
  ScalerView scaler;               ///< its knots in host memory
  float filled = 0.0F;             ///< what a missing value becomes
  bool has_indicator = false;
};

struct EncodeNumbers {
  std::int64_t rows = 0;
  std::span<const NumberInput> features;  ///< in host memory
  View output;                            ///< f32 [rows, features + indicators], dense
};

/// Empty where the device can encode, else the reason why not.
std::string encode_numbers_unsupported(Device device);

/// Throws Error on an output of another shape or dtype, UnsupportedError where
/// encode_numbers_unsupported says so. On CUDA it needs 96 bytes of workspace for each feature and
/// 8 for each knot, and may return before the device is done.
void encode_numbers(Context& context, const EncodeNumbers& parameters);

}  // namespace ebb::preprocessing
