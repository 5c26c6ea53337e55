// Layer normalisation on CUDA, forward: one pass over memory, since a row stays in registers while
// its mean and then its variance are found (kernels/common/cuda/rows.cuh), or, with more than 4096
// columns, in shared memory. Only rows that do not fit there are read three times. Long rows
// normalise the sum as it was stored.
//
// A block takes a run of rows. It has their gamma and beta in shared memory, and leaves their
// statistics there, so that neighbours are written together.
//
// Per element: input and output, with a residual two tensors more, sizeof(T) bytes each; some 10
// operations, with dropout some 38 more in f32, where a Philox block is drawn for each pack of 4,
// and 21 in bf16, where a pack is a whole block.
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/common/cuda/rows.cuh"
#include "kernels/common/cuda/runtime.h"
#include "kernels/layer_norm/layer_norm_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kResidentBlocks = 3;  // of a multiprocessor, as registers allow

/// Rows of a block, whose statistics shared memory holds: so many that gamma and beta hardly count.
constexpr int kMostRows = 64;

template <class T>
struct Forward {
  const T* input;
  const T* residual;  // null: none
  const T* gamma;
  const T* beta;
  T* sum;
  T* output;
  float* mean;               // null: not wanted
  float* inverse_deviation;  // null: not wanted
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t rows_per_block;
  float epsilon;
  DropoutSpec dropout;
};

/// kPack elements from element `i` on of what is normalised; the sum is stored.
template <int kPack, class T>
__device__ void load_sum(const Forward<T>& p, std::int64_t i, float (&x)[kPack]) {
  load_pack(p.input + i, x);
  if (p.residual == nullptr) return;
  if (p.dropout.active()) {
    float factors[kPack];
    dropout_factors(p.dropout, static_cast<std::uint64_t>(i), factors);
#pragma unroll
    for (int j = 0; j < kPack; ++j) x[j] *= factors[j];
  }
  float residual[kPack];
  load_pack(p.residual + i, residual);
#pragma unroll
  for (int j = 0; j < kPack; ++j) x[j] += residual[j];
  store_pack(p.sum + i, x);
}

/// Writes kPack elements from element `i` on; `gamma` and `beta` are of their columns.
template <int kPack, class T>
__device__ void store_normalized(const Forward<T>& p, std::int64_t i, const float (&gamma)[kPack],
                                 const float (&beta)[kPack], const float (&x)[kPack], float mean,
                                 float inverse_deviation) {
  float output[kPack];
#pragma unroll
  for (int j = 0; j < kPack; ++j) {
    output[j] = beta[j] + (x[j] - mean) * inverse_deviation * gamma[j];
  }
  store_whole_pack(p.output + i, output);
}

template <class T>
__device__ void store_statistics(const Forward<T>& p, std::int64_t row, float mean,
                                 float inverse_deviation) {
  if (p.mean != nullptr) p.mean[row] = mean;
  if (p.inverse_deviation != nullptr) p.inverse_deviation[row] = inverse_deviation;
}

template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads, kResidentBlocks) forward_kernel(Forward<T> p) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  extern __shared__ uint4 memory[];
  T* const gammas = reinterpret_cast<T*>(memory);
  T* const betas = gammas + p.columns;
  copy_columns<Layout>(p.gamma, p.columns, gammas);
  copy_columns<Layout>(p.beta, p.columns, betas);
  bool columns_are_there = false;
  __shared__ float means[kMostRows];
  __shared__ float inverse_deviations[kMostRows];
  const auto columns = static_cast<float>(p.columns);
  const std::int64_t begin = blockIdx.x * p.rows_per_block;
  const std::int64_t end = min(begin + p.rows_per_block, p.rows);
  for_rows<Layout>(begin, end, Layout::kGroups, [&](std::int64_t row, bool present) {
    const std::int64_t row_end = present ? p.columns : 0;
    float x[kPacks][kPack];
    float total = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= row_end) continue;
      load_sum(p, row * p.columns + column, x[i]);
#pragma unroll
      for (int j = 0; j < kPack; ++j) total += x[i][j];
    }
    const float mean = row_reduce<Layout, Sum>(total) / columns;
    float squares = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (Layout::column(i) >= row_end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) squares += (x[i][j] - mean) * (x[i][j] - mean);
    }
    const float variance = row_reduce<Layout, Sum>(squares) / columns;
    const float inverse_deviation = 1.0F / sqrtf(variance + p.epsilon);
    if (!columns_are_there) wait_for_columns();
    columns_are_there = true;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= row_end) continue;
      float gamma[kPack];
      float beta[kPack];
      load_pack(gammas + column, gamma);
      load_pack(betas + column, beta);
      store_normalized(p, row * p.columns + column, gamma, beta, x[i], mean, inverse_deviation);
    }
    if (present && threadIdx.x % Layout::kGroup == 0) {
      means[row - begin] = mean;
      inverse_deviations[row - begin] = inverse_deviation;
    }
  });
  __syncthreads();
  const auto i = static_cast<int>(threadIdx.x);
  if (begin + i < end) store_statistics(p, begin + i, means[i], inverse_deviations[i]);
}

/// A block per row that does not fit into registers. `keeps`: shared memory holds the row.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads) forward_long_kernel(Forward<T> p, bool keeps) {
  constexpr int kPack = Layout::kPack;
  extern __shared__ uint4 kept_row[];
  auto* const kept = reinterpret_cast<T*>(kept_row);
  const auto columns = static_cast<float>(p.columns);
  for (std::int64_t row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const std::int64_t start = row * p.columns;
    const T* const normalized = keeps ? kept : (p.residual == nullptr ? p.input : p.sum) + start;
    float total = 0.0F;
    for_long_row<Layout>(p.columns, [&](std::int64_t column) {
      float x[kPack];
      load_sum(p, start + column, x);
      if (keeps) keep_pack(kept + column, x);
#pragma unroll
      for (int j = 0; j < kPack; ++j) total += x[j];
    });
    const float mean = row_reduce<Layout, Sum>(total) / columns;
    float squares = 0.0F;
    for_long_row<Layout>(p.columns, [&](std::int64_t column) {
      float x[kPack];
      load_pack(normalized + column, x);
#pragma unroll
      for (int j = 0; j < kPack; ++j) squares += (x[j] - mean) * (x[j] - mean);
    });
    const float variance = row_reduce<Layout, Sum>(squares) / columns;
    const float inverse_deviation = 1.0F / sqrtf(variance + p.epsilon);
    for_long_row<Layout>(p.columns, [&](std::int64_t column) {
      float x[kPack];
      float gamma[kPack];
      float beta[kPack];
      load_pack(normalized + column, x);
      load_pack(p.gamma + column, gamma);
      load_pack(p.beta + column, beta);
      store_normalized(p, start + column, gamma, beta, x, mean, inverse_deviation);
    });
    if (threadIdx.x == 0) store_statistics(p, row, mean, inverse_deviation);
  }
}

/// So many rows that all blocks are resident, as long as these are no more than kMostRows.
template <class Layout>
std::int64_t rows_per_block(const Context& context, std::int64_t rows) {
  const std::int64_t resident =
      std::int64_t{kResidentBlocks} * multiprocessor_count(context.device());
  const std::int64_t per_group = blocks_of(rows, resident * Layout::kGroups);
  return std::min<std::int64_t>(per_group * Layout::kGroups, kMostRows);
}

}  // namespace

void layer_norm(Context& context, const LayerNormForward& p) {
  const std::int64_t columns = p.input.shape[-1];
  if (p.input.elements() == 0) return;
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    Forward<T> forward{.input = p.input.as<T>(),
                       .residual = p.residual.as<T>(),
                       .gamma = p.gamma.as<T>(),
                       .beta = p.beta.as<T>(),
                       .sum = p.sum.as<T>(),
                       .output = p.output.as<T>(),
                       .mean = p.mean.as<float>(),
                       .inverse_deviation = p.inverse_deviation.as<float>(),
                       .rows = p.input.elements() / columns,
                       .columns = columns,
                       .epsilon = static_cast<float>(p.epsilon),
                       .dropout = p.dropout};
    const bool in_packs =
        columns % kPackOf<T> == 0 && aligned_to(16, p.input.data, p.residual.data, p.gamma.data,
                                                p.beta.data, p.sum.data, p.output.data);
    for_row_layout<T>(columns, in_packs, [&]<class Layout>(Layout) {
      if constexpr (Layout::kPacks == 0) {
        const std::size_t kept = kept_bytes(context, static_cast<std::size_t>(columns) * sizeof(T));
        launch(context, {"layer_norm", grid_for(context, forward.rows, 1), kRowThreads, kept},
               forward_long_kernel<Layout, T>, forward, kept != 0);
      } else {
        forward.rows_per_block = rows_per_block<Layout>(context, forward.rows);
        const std::int64_t blocks = blocks_of(forward.rows, forward.rows_per_block);
        const std::size_t shared = 2 * static_cast<std::size_t>(columns) * sizeof(T);
        launch(context, {"layer_norm", blocks, kRowThreads, shared}, forward_kernel<Layout, T>,
               forward);
      }
    });
  });
}

}  // namespace ebb::kernels::cuda
