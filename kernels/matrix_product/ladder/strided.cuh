// The problem as the two plain rungs see it: elements by row and column.
#pragma once

#include "kernels/common/cuda/storage.cuh"
#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

template <class T>
struct StridedOperand {
  StridedOperand(const Operand& operand, bool lines_along_columns_)
      : data(static_cast<const T*>(operand.data)),
        leading(operand.leading),
        lines_along_columns(lines_along_columns_) {
    std::copy_n(operand.batch_strides, kMaxBatchRank, batch_strides);
  }

  __device__ float at(const Batch& batch, std::int64_t pair, std::int64_t row,
                      std::int64_t column) const {
    const std::int64_t place =
        lines_along_columns ? row * leading + column : column * leading + row;
    return ebb::cuda::to_f32(data[batch.offset(pair, batch_strides) + place]);
  }

  const T* data;
  std::int64_t leading;
  std::int64_t batch_strides[kMaxBatchRank];
  bool lines_along_columns;  // neighbours of a row are neighbours in memory
};

template <class T>
struct StridedProblem {
  explicit StridedProblem(const Problem& p)
      : m(p.m),
        n(p.n),
        k(p.k),
        pairs(p.batch.size()),
        batch(p.batch),
        a(p.a, p.a.lines_along_k),
        b(p.b, !p.b.lines_along_k),
        output(p.output) {}

  __device__ void put(std::int64_t pair, std::int64_t row, std::int64_t column, float sum) const {
    const std::int64_t at =
        batch.offset(pair, output.batch_strides) + row * output.leading + column;
    if (output.dtype == DType::f32) return put_to(static_cast<float*>(output.data) + at, sum);
    put_to(static_cast<T*>(output.data) + at, sum);
  }

  template <class To>
  __device__ void put_to(To* to, float sum) const {
    *to = ebb::cuda::from_f32<To>(output.accumulate ? ebb::cuda::to_f32(*to) + sum : sum);
  }

  std::int64_t m, n, k, pairs;
  Batch batch;
  StridedOperand<T> a, b;
  Output output;
};

}  // namespace ebb::kernels::gemm
