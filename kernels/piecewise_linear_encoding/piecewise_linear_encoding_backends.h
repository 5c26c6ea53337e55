// What each backend of the piecewise linear encoding provides; operands are checked already,
// but for the values of edges and counts, which only the device that holds them can check.
#pragma once

#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"

namespace ebb::kernels::cpu {

void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& parameters);
void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& parameters);
void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& parameters);

}  // namespace ebb::kernels::cuda
