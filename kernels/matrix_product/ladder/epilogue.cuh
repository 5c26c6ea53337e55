// What kernels of the ladder do with their sums: they hand them over four neighbours of a row at a
// time, in f32, to an epilogue. This is the plain one; kernels/linear has one with more in it.
#pragma once

#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

/// How many neighbours an epilogue takes at once.
inline constexpr int kQuad = 4;

/// Reads `count` (at most 4) elements as f32; zeros for the rest. `whole`: 4 that are aligned.
template <class T>
__device__ inline void load_quad(const T* from, int count, bool whole, float (&values)[kQuad]) {
  if (whole) return ebb::cuda::load_pack(from, values);
#pragma unroll
  for (int i = 0; i < kQuad; ++i) values[i] = i < count ? ebb::cuda::to_f32(from[i]) : 0.0F;
}

template <class T>
__device__ inline void store_quad(T* to, int count, bool whole, const float (&values)[kQuad]) {
  if (whole) return ebb::cuda::store_pack(to, values);
#pragma unroll
  for (int i = 0; i < kQuad; ++i) {
    if (i < count) to[i] = ebb::cuda::from_f32<T>(values[i]);
  }
}

/// output = sums, or output += sums.
template <class T>
struct PlainEpilogue {
  explicit PlainEpilogue(const Problem& p)
      : output(static_cast<T*>(p.output.data)),
        leading(p.output.leading),
        batch(p.batch),
        accumulate(p.output.accumulate),
        aligned(lines_aligned(p.output, p.batch, kQuad * sizeof(T))) {
    std::copy_n(p.output.batch_strides, kMaxBatchRank, strides);
  }

  /// Makes the epilogue that of one pair of the batch.
  __device__ void choose(std::int64_t pair) { output += batch.offset(pair, strides); }

  /// Takes `count` sums of `row` from `column` on, which is a multiple of 4.
  __device__ void operator()(std::int64_t row, std::int64_t column, int count,
                             float (&sums)[kQuad]) const {
    T* to = output + row * leading + column;
    const bool whole = aligned && count >= kQuad;
    if (accumulate) {
      float before[kQuad];
      load_quad(to, count, whole, before);
#pragma unroll
      for (int i = 0; i < kQuad; ++i) sums[i] += before[i];
    }
    store_quad(to, count, whole, sums);
  }

  T* output;
  std::int64_t leading;
  std::int64_t strides[kMaxBatchRank];
  Batch batch;
  bool accumulate;
  bool aligned;
};

/// Keeps the sums of one part of k: [parts, pairs, m, n].
struct PartialEpilogue {
  __device__ void choose(std::int64_t part_and_pair) { partials += part_and_pair * m * n; }

  __device__ void operator()(std::int64_t row, std::int64_t column, int count,
                             float (&sums)[kQuad]) const {
    store_quad(partials + row * n + column, count, n % kQuad == 0 && count >= kQuad, sums);
  }

  float* partials;
  std::int64_t m;
  std::int64_t n;
};

inline constexpr int kReduceThreads = 256;

/// Adds the parts in their order and hands the sums to `epilogue`. A thread takes a quad.
template <class Epilogue>
__global__ void __launch_bounds__(kReduceThreads)
    reduce_partials(const float* partials, std::int64_t parts, std::int64_t pairs, std::int64_t m,
                    std::int64_t n, Epilogue epilogue) {
  const std::int64_t quads = (n + kQuad - 1) / kQuad;
  const std::int64_t index = std::int64_t{blockIdx.x} * kReduceThreads + threadIdx.x;
  if (index >= pairs * m * quads) return;
  const std::int64_t pair = index / (m * quads);
  const std::int64_t row = index / quads % m;
  const std::int64_t column = index % quads * kQuad;
  const int count = static_cast<int>(min(n - column, std::int64_t{kQuad}));
  const float* from = partials + (pair * m + row) * n + column;
  float sums[kQuad] = {};
  for (std::int64_t part = 0; part < parts; ++part) {
    float values[kQuad];
    load_quad(from + part * pairs * m * n, count, n % kQuad == 0, values);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) sums[i] += values[i];
  }
  epilogue.choose(pair);
  epilogue(row, column, count, sums);
}

template <class Epilogue>
void launch_reduce(const Context& context, const Problem& p, std::int64_t parts,
                   const float* partials, const Epilogue& epilogue) {
  const std::int64_t pairs = p.batch.size();
  const std::int64_t quads = pairs * p.m * blocks_of(p.n, kQuad);
  ebb::cuda::launch(
      context,
      {"matrix_product", static_cast<unsigned>(blocks_of(quads, kReduceThreads)), kReduceThreads},
      reduce_partials<Epilogue>, partials, parts, pairs, p.m, p.n, epilogue);
}

}  // namespace ebb::kernels::gemm
