// What each backend of the mean squared error provides; operands are checked already.
#pragma once

#include "kernels/mean_squared_error/mean_squared_error.h"

namespace ebb::kernels::cpu {

void mean_squared_error(Context& context, const MeanSquaredError& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void mean_squared_error(Context& context, const MeanSquaredError& parameters);

}  // namespace ebb::kernels::cuda
