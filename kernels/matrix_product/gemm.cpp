#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {
namespace {

template <class Pointer>
void take_batch_strides(const BasicView<Pointer>& view, std::int64_t (&strides)[kMaxBatchRank]) {
  const int batch_rank = view.shape.rank() - 2;
  for (int i = 0; i < batch_rank; ++i) strides[kMaxBatchRank - batch_rank + i] = view.strides[i];
}

// A dimension of one element may have any stride.
Operand operand_of(const ConstView& view, bool is_a) {
  Operand operand{.data = view.data, .dtype = view.dtype};
  const bool row_major = view.strides[-1] == 1 || view.shape[-1] <= 1;
  operand.lines_along_k = row_major == is_a;
  operand.leading = row_major ? view.strides[-2] : view.strides[-1];
  take_batch_strides(view, operand.batch_strides);
  return operand;
}

template <class Matrix>
bool aligned(const Matrix& matrix, const Batch& batch, std::int64_t bytes) {
  const auto size = static_cast<std::int64_t>(size_of(matrix.dtype));
  if (reinterpret_cast<std::uintptr_t>(matrix.data) % static_cast<std::uintptr_t>(bytes) != 0) {
    return false;
  }
  if (matrix.leading * size % bytes != 0) return false;
  for (int i = 0; i < kMaxBatchRank; ++i) {
    if (batch.extents[i] > 1 && matrix.batch_strides[i] * size % bytes != 0) return false;
  }
  return true;
}

}  // namespace

Problem problem_of(const ConstView& a, const ConstView& b, const View& output, bool accumulate) {
  Problem p{.m = output.shape[-2], .n = output.shape[-1], .k = a.shape[-1]};
  const int batch_rank = output.shape.rank() - 2;
  for (int i = 0; i < batch_rank; ++i) {
    p.batch.extents[kMaxBatchRank - batch_rank + i] = output.shape[i];
  }
  p.a = operand_of(a, true);
  p.b = operand_of(b, false);
  p.output = {.data = output.data,
              .dtype = output.dtype,
              .leading = output.strides[-2],
              .accumulate = accumulate};
  take_batch_strides(output, p.output.batch_strides);
  return p;
}

bool lines_aligned(const Operand& operand, const Batch& batch, std::int64_t bytes) {
  return aligned(operand, batch, bytes);
}

bool lines_aligned(const Output& output, const Batch& batch, std::int64_t bytes) {
  return aligned(output, batch, bytes);
}

}  // namespace ebb::kernels::gemm
