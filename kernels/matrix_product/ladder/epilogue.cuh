// What kernels of the ladder do with their sums: they hand them over four neighbours of a row at a
// time, in f32, to an epilogue. This is the plain one; kernels/linear has one with more in it.
#pragma once

#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/ptx.cuh"
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

/// Four elements at once, aligned so.
template <class T>
__device__ inline void store_whole_quad(T* to, const float (&values)[kQuad]) {
  using ebb::cuda::from_f32;
  if constexpr (std::is_same_v<T, float>) {
    ebb::cuda::ptx::store_global(
        to, make_uint4(__float_as_uint(values[0]), __float_as_uint(values[1]),
                       __float_as_uint(values[2]), __float_as_uint(values[3])));
  } else {
    const auto pair = [&](int i) {
      return static_cast<unsigned>(from_f32<T>(values[i + 1]).bits) << 16 |
             from_f32<T>(values[i]).bits;
    };
    ebb::cuda::ptx::store_global(to, make_uint2(pair(0), pair(2)));
  }
}

template <class T>
__device__ inline void store_quad(T* to, int count, bool whole, const float (&values)[kQuad]) {
  if (whole) return store_whole_quad(to, values);
#pragma unroll
  for (int i = 0; i < kQuad; ++i) {
    if (i < count) to[i] = ebb::cuda::from_f32<T>(values[i]);
  }
}

/// output = sums, or output += sums; output is of T or f32.
template <class T>
struct PlainEpilogue {
  explicit PlainEpilogue(const Problem& p)
      : output(p.output.data),
        leading(p.output.leading),
        batch(p.batch),
        accumulate(p.output.accumulate),
        to_f32(p.output.dtype == DType::f32),
        aligned(lines_aligned(p.output, p.batch,
                              kQuad * static_cast<std::int64_t>(size_of(p.output.dtype)))) {
    std::copy_n(p.output.batch_strides, kMaxBatchRank, strides);
  }

  /// Makes the epilogue that of one pair of the batch.
  __device__ void choose(std::int64_t pair) { first = batch.offset(pair, strides); }

  /// Takes `count` sums of `row` from `column` on, which is a multiple of 4.
  __device__ void operator()(std::int64_t row, std::int64_t column, int count,
                             float (&sums)[kQuad]) const {
    const std::int64_t at = first + row * leading + column;
    if (to_f32) return put(static_cast<float*>(output) + at, count, sums);
    if constexpr (!std::is_same_v<T, float>) put(static_cast<T*>(output) + at, count, sums);
  }

  template <class To>
  __device__ void put(To* to, int count, float (&sums)[kQuad]) const {
    const bool whole = aligned && count >= kQuad;
    if (accumulate) {
      float before[kQuad];
      load_quad(to, count, whole, before);
#pragma unroll
      for (int i = 0; i < kQuad; ++i) sums[i] += before[i];
    }
    store_quad(to, count, whole, sums);
  }

  void* output;
  std::int64_t leading;
  std::int64_t strides[kMaxBatchRank];
  Batch batch;
  bool accumulate;
  bool to_f32;
  bool aligned;
  std::int64_t first = 0;  // element of the pair
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

/// Hands a warp's rows of sums from shared memory to the epilogue: a row of neighbouring quads at a
/// time, so that memory is accessed in whole lines. `rows` and `columns`: how many are there. The
/// loop is not unrolled: epilogues are long.
template <int kRows, int kColumns, int kPitch, class Epilogue>
__device__ inline void hand_over(const float (*staged)[kPitch], int rows, int columns,
                                 std::int64_t first_row, std::int64_t first_column,
                                 const Epilogue& epilogue) {
  constexpr int kQuadsOfRow = kColumns / kQuad;
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll 1
  for (int i = lane; i < kRows * kQuadsOfRow; i += 32) {
    const int row = i / kQuadsOfRow;
    const int column = i % kQuadsOfRow * kQuad;
    if (row >= rows || column >= columns) continue;
    float sums[kQuad];
    ebb::cuda::load_pack(&staged[row][column], sums);
    epilogue(first_row + row, first_column + column, min(columns - column, kQuad), sums);
  }
}

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
  ebb::cuda::launch(context, {"matrix_product", blocks_of(quads, kReduceThreads), kReduceThreads},
                    reduce_partials<Epilogue>, partials, parts, pairs, p.m, p.n, epilogue);
}

/// Calls body.operator()<a.lines_along_k, b.lines_along_k>().
template <class Body>
void for_layouts(const Problem& p, Body&& body) {
  if (p.a.lines_along_k) {
    if (p.b.lines_along_k) return body.template operator()<true, true>();
    return body.template operator()<true, false>();
  }
  if (p.b.lines_along_k) return body.template operator()<false, true>();
  body.template operator()<false, false>();
}

}  // namespace ebb::kernels::gemm
