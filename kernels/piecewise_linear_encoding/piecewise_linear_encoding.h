// Piecewise linear encoding of number features: each number becomes a row that says how far it has
// come through each bin of its feature, followed by the number itself and a constant.
//
//   output[r, f, t] = 0                                  if x < edge[t] and t > 0
//                     1                                  if x >= edge[t + 1] and t < bins - 1
//                     (x - edge[t]) / (edge[t + 1] - edge[t])    otherwise
//
// for t < bins = counts[f] and x = input[r, f]: the first and the last bin go on without an end.
// Then zeros up to the widest feature's bins, then x, then 1, so that a product with a matrix of
// the feature's own has its bias inside.
// Source: Gorishniy et al., "On embeddings for numerical features in tabular deep learning", 2022.
//
// NaN gives NaN in every component but the zeros and the 1. Results do not depend on the number of
// threads: elements are independent. On CUDA they are computed in f32.
//
// The CPU looks at counts and edges first and throws. On CUDA the host does not read them, so
// nothing is thrown: counts out of range are taken as the nearest in range, and edges that do not
// ascend give what the formula gives, infinities and NaN where a bin is empty.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. Dense, of one dtype (f32 or f64; on CUDA f32,
/// bf16 or f16) but for the counts.
struct PiecewiseLinearEncodingForward {
  ConstView input;   // [rows, features]
  ConstView edges;   // [features, most_bins + 1]; a feature's first bins + 1 are used and ascend
  ConstView counts;  // i32 [features]: bins of each feature, in [0, most_bins]
  View output;       // [rows, features, most_bins + 2]
};

/// Operands of the backward direction, likewise. The edges have no gradient.
struct PiecewiseLinearEncodingBackward {
  ConstView input;
  ConstView edges;
  ConstView counts;
  ConstView grad_output;  // as output
  View grad_input;        // as input; at an edge the slope to its right
};

/// Empty when the device can encode `dtype`, else the reason why not.
std::string piecewise_linear_encoding_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit and, on the CPU, on a count out of range and on edges
/// that do not ascend; UnsupportedError where piecewise_linear_encoding_unsupported says so.
void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& parameters);
void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& parameters);

}  // namespace ebb::kernels
