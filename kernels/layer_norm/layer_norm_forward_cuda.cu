// Layer normalisation on CUDA, forward: one pass over memory, since a row stays in registers while
// its mean and then its variance are found (kernels/common/cuda/rows.cuh), or, with more than 4096
// columns, in shared memory. Only rows that do not fit there are read three times. Long rows
// normalise the sum as it was stored.
//
// Threads keep their gamma and beta in registers, for all rows that they take.
//
// Per element: input and output, with a residual two tensors more, sizeof(T) bytes each; some 10
// operations, with dropout 80 integer ones for each Philox block (kernels/dropout).
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/common/cuda/rows.cuh"
#include "kernels/common/cuda/runtime.h"
#include "kernels/layer_norm/layer_norm_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// Blocks of a multiprocessor, as registers allow.
template <class Layout, class T>
constexpr int kResidentBlocks = std::is_same_v<T, float>&& Layout::kPacks > 1 ? 2 : 3;

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
__global__ void __launch_bounds__(kRowThreads, (kResidentBlocks<Layout, T>))
    forward_kernel(Forward<T> p) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  const auto columns = static_cast<float>(p.columns);
  const std::int64_t first = std::int64_t{blockIdx.x} * Layout::kGroups;
  const std::int64_t stride = std::int64_t{gridDim.x} * Layout::kGroups;
  const ColumnPacks<Layout, T> gammas(p.gamma, p.columns);
  const ColumnPacks<Layout, T> betas(p.beta, p.columns);
  for_rows<Layout>(first, p.rows, stride, [&](std::int64_t row, bool present) {
    const std::int64_t end = present ? p.columns : 0;
    float x[kPacks][kPack];
    float total = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= end) continue;
      load_sum(p, row * p.columns + column, x[i]);
#pragma unroll
      for (int j = 0; j < kPack; ++j) total += x[i][j];
    }
    const float mean = row_reduce<Layout, Sum>(total) / columns;
    float squares = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (Layout::column(i) >= end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) squares += (x[i][j] - mean) * (x[i][j] - mean);
    }
    const float variance = row_reduce<Layout, Sum>(squares) / columns;
    const float inverse_deviation = 1.0F / sqrtf(variance + p.epsilon);
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= end) continue;
      float gamma[kPack];
      float beta[kPack];
      gammas.load(i, gamma);
      betas.load(i, beta);
      store_normalized(p, row * p.columns + column, gamma, beta, x[i], mean, inverse_deviation);
    }
    if (present && threadIdx.x % Layout::kGroup == 0) {
      store_statistics(p, row, mean, inverse_deviation);
    }
  });
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

/// A block for each kGroups rows, at most as many as are resident: these read gamma and beta once
/// for all their rows.
template <class Layout, class T>
unsigned blocks_for(const Context& context, std::int64_t rows) {
  const std::int64_t resident =
      std::int64_t{kResidentBlocks<Layout, T>} * multiprocessor_count(context.device());
  return static_cast<unsigned>(std::min(blocks_of(rows, Layout::kGroups), resident));
}

}  // namespace

void layer_norm(Context& context, const LayerNormForward& p) {
  const std::int64_t columns = p.input.shape[-1];
  if (p.input.elements() == 0) return;
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const Forward<T> forward{.input = p.input.as<T>(),
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
        const unsigned grid = blocks_for<Layout, T>(context, forward.rows);
        launch(context, {"layer_norm", grid, kRowThreads}, forward_kernel<Layout, T>, forward);
      }
    });
  });
}

}  // namespace ebb::kernels::cuda
