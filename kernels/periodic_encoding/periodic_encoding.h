// Periodic encoding of number features: sines and cosines of learned frequencies.
//
//   output[r, f, j]     = sin(2 pi c x)       for j < k,  c = frequencies[f, j],  x = input[r, f]
//   output[r, f, k + j] = cos(2 pi c x)
//   output[r, f, 2k]    = 1
//
// The constant gives a following product with a matrix of the feature's own its bias.
// Source: Gorishniy et al., "On embeddings for numerical features in tabular deep learning", 2022.
//
// Whole turns of c x are taken off before the multiplication by 2 pi, so large products lose no
// more than their own rounding. NaN or an infinite c x gives NaN. f32 sums over rows are taken over
// fixed blocks of rows, which are added in order: results do not depend on the number of threads.
// On CUDA everything is computed in f32, and sums depend on the shape alone likewise.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. Dense, of one dtype: f32 or f64; on CUDA f32,
/// bf16 or f16.
struct PeriodicEncodingForward {
  ConstView input;        // [rows, features]
  ConstView frequencies;  // [features, k], turns per unit of input
  View output;            // [rows, features, 2k + 1]
};

/// Operands of the backward direction, likewise. With g the gradients of a pair of sine and cosine,
/// d = 2 pi (g_sin cos - g_cos sin):
///   grad_frequencies[f, j] = sum over r of x d,   grad_input[r, f] = sum over j of c d
struct PeriodicEncodingBackward {
  ConstView input;
  ConstView frequencies;
  ConstView output;         // what the forward direction gave
  ConstView grad_output;    // as output
  View grad_input;          // as input; optional
  View grad_frequencies;    // as frequencies; optional
  bool accumulate = false;  // add to grad_frequencies instead of overwriting them
};

/// Empty when the device can encode `dtype`, else the reason why not.
std::string periodic_encoding_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where periodic_encoding_unsupported
/// says so. The backward direction needs 4 bytes of workspace per frequency and 256 rows (on CUDA
/// for at most 512 blocks of rows).
void periodic_encoding(Context& context, const PeriodicEncodingForward& parameters);
void periodic_encoding_backward(Context& context, const PeriodicEncodingBackward& parameters);

}  // namespace ebb::kernels
