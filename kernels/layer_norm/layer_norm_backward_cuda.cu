// Layer normalisation on CUDA, backward: one pass over memory (kernels/common/cuda/rows.cuh). A
// block takes a fixed run of rows; its threads keep the sums for grad_gamma and grad_beta of their
// columns in registers, the block adds those of its warps in order and writes one row of partial
// sums to the workspace, and a second kernel adds these rows in order. Rows of more than 4096
// columns are read twice, and their column sums are taken by a kernel of their own, which reads
// them once more.
//
// Per element: sum, grad_output and grad_residual, with grad_sum and grad_input two more, sizeof(T)
// bytes each; some 15 operations, with dropout 80 integer ones for each Philox block.
#include <algorithm>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/common/cuda/partial_sums.h"
#include "kernels/common/cuda/rows.cuh"
#include "kernels/layer_norm/layer_norm_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// Enough rows that partial sums cost a few percent at most; where a block has one row at work,
/// that takes fewer blocks.
constexpr std::int64_t kRowsPerGroup = 4;
template <class Layout>
constexpr std::int64_t kMostBlocks = Layout::kGroups == 1 ? 256 : 1024;

template <class T>
struct Backward {
  const T* sum;
  const T* gamma;
  const float* mean;
  const float* inverse_deviation;
  const T* grad_output;
  const T* grad_sum;  // null: none
  T* grad_residual;
  T* grad_input;          // where dropout is active
  float* partials_gamma;  // [blocks, columns]
  float* partials_beta;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t rows_per_block;
  DropoutSpec dropout;
};

/// The means over a row of g and of g * n, as layer_norm.h names them.
struct RowMeans {
  float g;
  float gn;
};

template <int kPack, class T>
__device__ void store_gradient(const Backward<T>& p, std::int64_t i, const float (&g)[kPack],
                               const float (&normalized)[kPack], RowMeans means,
                               float inverse_deviation) {
  float gradient[kPack];
#pragma unroll
  for (int j = 0; j < kPack; ++j) {
    gradient[j] = inverse_deviation * (g[j] - means.g - normalized[j] * means.gn);
  }
  if (p.grad_sum != nullptr) {
    float grad_sum[kPack];
    load_pack(p.grad_sum + i, grad_sum);
#pragma unroll
    for (int j = 0; j < kPack; ++j) gradient[j] += grad_sum[j];
  }
  store_pack(p.grad_residual + i, gradient);
  if (!p.dropout.active()) return;
  float factors[kPack];
  dropout_factors(p.dropout, static_cast<std::uint64_t>(i), factors);
#pragma unroll
  for (int j = 0; j < kPack; ++j) gradient[j] *= factors[j];
  store_pack(p.grad_input + i, gradient);
}

/// Where column `column` of a group's sums lies in shared memory. Threads store packs of eight as
/// two halves of 16 bytes; each half of all threads is contiguous, and the second half starts 16
/// banks further, so that neither these stores nor loads by column meet in a bank.
template <class Layout>
__device__ int place_of(int column) {
  if constexpr (Layout::kPack < 8) {
    return column;
  } else {
    constexpr int kSecondHalf = Layout::kGroup * Layout::kPacks * 4 + 16;
    return column / 8 * 4 + column % 4 + (column % 8 < 4 ? 0 : kSecondHalf);
  }
}

/// Floats that the sums of a group take in shared memory.
template <class Layout>
__host__ __device__ constexpr int group_scratch() {
  return Layout::kGroup * Layout::kPacks * Layout::kPack + (Layout::kPack < 8 ? 0 : 16);
}

/// One row of partial sums per block. Where a block has several rows at work, the sums of its
/// groups meet in `scratch` and are added in order.
template <class Layout>
__device__ void store_partials(float (&values)[Layout::kPacks][Layout::kPack], float* partials,
                               std::int64_t columns, float* scratch) {
  constexpr int kPiece = std::min(Layout::kPack, 4);  // floats of one store
  float* const row = partials + blockIdx.x * columns;
  if constexpr (Layout::kGroups == 1) {
#pragma unroll
    for (int i = 0; i < Layout::kPacks; ++i) {
      if (Layout::column(i) < columns) store_pack(row + Layout::column(i), values[i]);
    }
  } else {
    __syncthreads();  // the one before has been read
#pragma unroll
    for (int i = 0; i < Layout::kPacks; ++i) {
#pragma unroll
      for (int j = 0; j < Layout::kPack; j += kPiece) {
        float* const to = scratch + Layout::group() * group_scratch<Layout>() +
                          place_of<Layout>(static_cast<int>(Layout::column(i)) + j);
        if constexpr (kPiece == 4) {
          ptx::store_shared(
              to, make_float4(values[i][j], values[i][j + 1], values[i][j + 2], values[i][j + 3]));
        } else {
          *to = values[i][j];
        }
      }
    }
    __syncthreads();
    for (int column = static_cast<int>(threadIdx.x); column < columns; column += kRowThreads) {
      const int place = place_of<Layout>(column);
      float sum = scratch[place];
#pragma unroll
      for (int group = 1; group < Layout::kGroups; ++group) {
        sum += scratch[group * group_scratch<Layout>() + place];
      }
      row[column] = sum;
    }
  }
}

// One block of a multiprocessor: for two, which the compiler may aim at by itself, it would spill.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads, 1) backward_kernel(Backward<T> p) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  extern __shared__ float4 scratch[];
  const ColumnPacks<Layout, T> gammas(p.gamma, p.columns);
  const auto columns = static_cast<float>(p.columns);
  const std::int64_t begin = blockIdx.x * p.rows_per_block;
  const std::int64_t end = min(begin + p.rows_per_block, p.rows);
  float grad_gamma[kPacks][kPack] = {};
  float grad_beta[kPacks][kPack] = {};
  for_rows<Layout>(begin, end, Layout::kGroups, [&](std::int64_t row, bool present) {
    const std::int64_t row_end = present ? p.columns : 0;
    const float mean = present ? p.mean[row] : 0.0F;
    const float inverse_deviation = present ? p.inverse_deviation[row] : 0.0F;
    float normalized[kPacks][kPack];
    float g[kPacks][kPack];
    float total_g = 0.0F;
    float total_gn = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= row_end) continue;
      float gamma[kPack];
      load_pack(p.sum + row * p.columns + column, normalized[i]);
      load_pack(p.grad_output + row * p.columns + column, g[i]);
      gammas.load(i, gamma);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        normalized[i][j] = (normalized[i][j] - mean) * inverse_deviation;
        grad_gamma[i][j] += g[i][j] * normalized[i][j];
        grad_beta[i][j] += g[i][j];
        g[i][j] *= gamma[j];
        total_g += g[i][j];
        total_gn += g[i][j] * normalized[i][j];
      }
    }
    const RowMeans means{row_reduce<Layout, Sum>(total_g) / columns,
                         row_reduce<Layout, Sum>(total_gn) / columns};
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= row_end) continue;
      store_gradient(p, row * p.columns + column, g[i], normalized[i], means, inverse_deviation);
    }
  });
  auto* const floats = reinterpret_cast<float*>(scratch);
  store_partials<Layout>(grad_gamma, p.partials_gamma, p.columns, floats);
  store_partials<Layout>(grad_beta, p.partials_beta, p.columns, floats);
}

/// A block per row that does not fit into registers.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads) backward_long_kernel(Backward<T> p) {
  const auto columns = static_cast<float>(p.columns);
  for (std::int64_t row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const std::int64_t start = row * p.columns;
    const float mean = p.mean[row];
    const float inverse_deviation = p.inverse_deviation[row];
    const auto normalized = [&](std::int64_t column) {
      return (to_f32(p.sum[start + column]) - mean) * inverse_deviation;
    };
    const auto gradient = [&](std::int64_t column) {
      return to_f32(p.grad_output[start + column]) * to_f32(p.gamma[column]);
    };
    float total_g = 0.0F;
    float total_gn = 0.0F;
    for (std::int64_t column = threadIdx.x; column < p.columns; column += kRowThreads) {
      const float g = gradient(column);
      total_g += g;
      total_gn += g * normalized(column);
    }
    const RowMeans means{row_reduce<Layout, Sum>(total_g) / columns,
                         row_reduce<Layout, Sum>(total_gn) / columns};
    for (std::int64_t column = threadIdx.x; column < p.columns; column += kRowThreads) {
      const float g[1] = {gradient(column)};
      const float n[1] = {normalized(column)};
      store_gradient(p, start + column, g, n, means, inverse_deviation);
    }
  }
}

/// The partial column sums of long rows: a thread per column and run of rows.
template <class T>
__global__ void __launch_bounds__(kRowThreads) column_sums_kernel(Backward<T> p) {
  const std::int64_t column = std::int64_t{blockIdx.x} * kRowThreads + threadIdx.x;
  if (column >= p.columns) return;
  const std::int64_t begin = blockIdx.y * p.rows_per_block;
  const std::int64_t end = min(begin + p.rows_per_block, p.rows);
  float grad_gamma = 0.0F;
  float grad_beta = 0.0F;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t i = row * p.columns + column;
    const float gradient = to_f32(p.grad_output[i]);
    grad_gamma += gradient * (to_f32(p.sum[i]) - p.mean[row]) * p.inverse_deviation[row];
    grad_beta += gradient;
  }
  p.partials_gamma[blockIdx.y * p.columns + column] = grad_gamma;
  p.partials_beta[blockIdx.y * p.columns + column] = grad_beta;
}

template <class Layout, class T>
void run(Context& context, const LayerNormBackward& p, Backward<T> backward) {
  const std::int64_t columns = backward.columns;
  const std::int64_t wanted = blocks_of(backward.rows, kRowsPerGroup * Layout::kGroups);
  const std::int64_t most = std::max<std::int64_t>(std::min(wanted, kMostBlocks<Layout>), 1);
  backward.rows_per_block = blocks_of(backward.rows, most);
  const std::int64_t blocks =
      blocks_of(backward.rows, std::max<std::int64_t>(backward.rows_per_block, 1));
  auto* const partials =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(2 * blocks * columns));
  backward.partials_gamma = partials;
  backward.partials_beta = partials + blocks * columns;
  const auto grid = static_cast<unsigned>(blocks);
  if constexpr (Layout::kPacks == 0) {
    launch(context, {"layer_norm_backward", grid_for(context, backward.rows, 1), kRowThreads},
           backward_long_kernel<Layout, T>, backward);
    launch(context,
           {"layer_norm_backward (columns)",
            {static_cast<unsigned>(blocks_of(columns, kRowThreads)), grid},
            kRowThreads},
           column_sums_kernel<T>, backward);
  } else {
    constexpr std::size_t kScratch =
        Layout::kGroups == 1 ? 0 : sizeof(float) * Layout::kGroups * group_scratch<Layout>();
    launch(context, {"layer_norm_backward", grid, kRowThreads, kScratch},
           backward_kernel<Layout, T>, backward);
  }
  sum_partial_rows(context, backward.partials_gamma, blocks, columns, p.grad_gamma,
                   p.accumulate_gamma);
  sum_partial_rows(context, backward.partials_beta, blocks, columns, p.grad_beta,
                   p.accumulate_beta);
}

}  // namespace

void layer_norm_backward(Context& context, const LayerNormBackward& p) {
  const std::int64_t columns = p.sum.shape[-1];
  for_storage(p.sum.dtype, [&]<class T>(std::type_identity<T>) {
    const Backward<T> backward{.sum = p.sum.as<T>(),
                               .gamma = p.gamma.as<T>(),
                               .mean = p.mean.as<float>(),
                               .inverse_deviation = p.inverse_deviation.as<float>(),
                               .grad_output = p.grad_output.as<T>(),
                               .grad_sum = p.grad_sum.as<T>(),
                               .grad_residual = p.grad_residual.as<T>(),
                               .grad_input = p.grad_input.as<T>(),
                               .rows = columns == 0 ? 0 : p.sum.elements() / columns,
                               .columns = columns,
                               .dropout = p.dropout};
    const bool in_packs = columns % kPackOf<T> == 0 &&
                          aligned_to(16, p.sum.data, p.gamma.data, p.grad_output.data,
                                     p.grad_sum.data, p.grad_residual.data, p.grad_input.data);
    for_row_layout<T>(columns, in_packs,
                      [&]<class Layout>(Layout) { run<Layout>(context, p, backward); });
  });
}

}  // namespace ebb::kernels::cuda
