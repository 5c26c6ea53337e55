// Matrix product: output = a · b, or output += a · b, for one pair of matrices or a batch of pairs.
//
//   output[..., i, j] = sum over p of a[..., i, p] * b[..., p, j]
//
// On the CPU f32 through oneDNN's JIT-compiled sgemm (accumulated in f32), f64 by plain loops. On
// CUDA f32, bf16 and f16, the latter two on tensor cores (compute capability 8.0), all accumulated
// in f32 and rounded once: through cuBLASLt where it can be loaded and takes the operands, else by
// the kernels in ladder/; EBB_GEMM=own|cublaslt chooses. f32 is f32, never TF32. Where k is long
// and the output small, our kernels keep sums of parts of k in workspace (gemm.h).
//
// A transposed operand is a view with its last two strides swapped; it costs nothing. Work is
// divided into blocks whose bounds depend on the shape alone, so results do not depend on the
// number of threads. On CUDA our kernels give the same bits on every GPU with the same
// instructions; cuBLASLt the same on every run on one GPU.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

struct MatrixProduct {
  ConstView a;              // [batch..., m, k], one of the last two strides 1
  ConstView b;              // [batch..., k, n], one of the last two strides 1
  View output;              // [batch..., m, n], last stride 1; may not overlap a and b
  bool accumulate = false;  // add to output
};

/// Empty when the device can multiply matrices of `dtype`, else the reason why not.
std::string matrix_product_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where matrix_product_unsupported
/// says.
void matrix_product(Context& context, const MatrixProduct& parameters);

}  // namespace ebb::kernels
