// Who else multiplies matrices on CUDA. Defined in builds with CUDA only.
#pragma once

#include "kernels/matrix_product/matrix_product.h"

namespace ebb::bench {

/// The best kernels of the ladder in kernels/matrix_product/ladder/, whatever EBB_GEMM says.
void own_product(Context& context, const kernels::MatrixProduct& operands);

// Its lower rungs.
void naive_product(Context& context, const kernels::MatrixProduct& operands);
void tiled_product(Context& context, const kernels::MatrixProduct& operands);

/// NVIDIA's cuBLASLt. Throws UnsupportedError where it cannot be loaded or does not take the
/// operands.
void cublaslt_product(Context& context, const kernels::MatrixProduct& operands);

}  // namespace ebb::bench
