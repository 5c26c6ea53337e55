// What each backend of the matrix product provides; operands are checked already.
#pragma once

#include "kernels/matrix_product/matrix_product.h"

namespace ebb::kernels::cpu {

void matrix_product(Context& context, const MatrixProduct& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void matrix_product(Context& context, const MatrixProduct& parameters);
/// Why the device, which is there, cannot multiply `dtype`; empty where it can.
std::string matrix_product_unsupported(Device device, DType dtype);

}  // namespace ebb::kernels::cuda
