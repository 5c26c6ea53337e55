// Layer normalisation on CUDA, backward: one pass over memory (kernels/common/cuda/rows.cuh). A
// block takes a fixed run of rows, with their gamma in shared memory; its threads keep the sums for
// grad_gamma and grad_beta of their columns in registers, the block adds those of its warps in
// order and writes one row of partial sums to the workspace, and a second kernel adds these rows in
// order. Of rows of more than 4096 columns shared memory holds a row, gamma and the column sums.
// Rows that are too long for that are read twice, and their column sums are taken by a kernel of
// their own, which reads them once more.
//
// Per element: sum, grad_output and grad_residual, with grad_sum and grad_input two more, sizeof(T)
// bytes each; some 15 operations, with dropout as many more as in the forward direction.
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

/// Mean and inverse deviation of the rows that the calling thread's group takes, one after the
/// other: each lane reads those of one row, so that neighbours are read together.
template <class Layout>
class Statistics {
 public:
  /// Of `rows` rows from the place of the pointers on.
  __device__ Statistics(const float* means, const float* inverse_deviations, int rows)
      : means_(means), inverse_deviations_(inverse_deviations), rows_(rows) {}

  /// To `row`, which is the one after that before; all lanes of the warp take part.
  __device__ void move_to(int row) {
    const int own = row + static_cast<int>(threadIdx.x % kLanes);
    if (row % kLanes == 0 && own < rows_) {
      own_mean_ = means_[own];
      own_inverse_deviation_ = inverse_deviations_[own];
    }
    mean = __shfl_sync(kAllLanes, own_mean_, row, kLanes);
    inverse_deviation = __shfl_sync(kAllLanes, own_inverse_deviation_, row, kLanes);
  }

  float mean = 0.0F;
  float inverse_deviation = 0.0F;

 private:
  static constexpr int kLanes = std::min(Layout::kGroup, kWarpSize);

  const float* means_;
  const float* inverse_deviations_;
  int rows_;
  float own_mean_ = 0.0F;
  float own_inverse_deviation_ = 0.0F;
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

/// The sums of `columns` columns in shared memory. Threads have packs of eight as two halves of 16
/// bytes; each half of all threads is contiguous, and the second half starts 16 banks further, so
/// that neither packs nor neighbouring columns meet in a bank.
template <int kPack>
class SharedSums {
 public:
  __device__ SharedSums(float* sums, int columns)
      : sums_(sums), second_half_(static_cast<int>(second_half(columns))) {}

  static constexpr std::int64_t floats(std::int64_t columns) {
    return kPack < 8 ? columns : second_half(columns) + columns / 2;
  }

  __device__ float& operator[](int column) const { return sums_[place_of(column)]; }
  __device__ void store(int column, const float (&values)[kPack]) const {
    if constexpr (kPack < 4) {
      (*this)[column] = values[0];
    } else {
#pragma unroll
      for (int j = 0; j < kPack; j += 4) {
        ptx::store_shared(&(*this)[column + j],
                          make_float4(values[j], values[j + 1], values[j + 2], values[j + 3]));
      }
    }
  }
  __device__ void add(int column, const float (&values)[kPack]) const {
    constexpr int kPiece = std::min(kPack, 4);
    float sums[kPack];
#pragma unroll
    for (int j = 0; j < kPack; j += kPiece) {
      float piece[kPiece];
      load_pack(&(*this)[column + j], piece);
#pragma unroll
      for (int k = 0; k < kPiece; ++k) sums[j + k] = piece[k] + values[j + k];
    }
    store(column, sums);
  }

 private:
  static constexpr std::int64_t second_half(std::int64_t columns) {
    return (columns / 2 + 31) / 32 * 32 + 16;
  }

  __device__ int place_of(int column) const {
    if constexpr (kPack < 8) return column;
    return column / 8 * 4 + column % 4 + (column % 8 < 4 ? 0 : second_half_);
  }

  float* sums_;
  int second_half_;
};

/// Floats that the sums of a group take in shared memory.
template <class Layout>
constexpr int kGroupFloats =
    SharedSums<Layout::kPack>::floats(Layout::kGroup* Layout::kPacks* Layout::kPack);

/// One row of partial sums per block: the sums of its groups meet in `scratch` and are added in
/// order.
template <class Layout>
__device__ void store_partials(float (&values)[Layout::kPacks][Layout::kPack], float* partials,
                               std::int64_t columns, float* scratch) {
  float* const row = partials + blockIdx.x * columns;
  const auto sums_of = [&](int group) {
    return SharedSums<Layout::kPack>(scratch + group * kGroupFloats<Layout>,
                                     Layout::kGroup * Layout::kPacks * Layout::kPack);
  };
  __syncthreads();  // the one before has been read
#pragma unroll
  for (int i = 0; i < Layout::kPacks; ++i) {
    sums_of(Layout::group()).store(static_cast<int>(Layout::column(i)), values[i]);
  }
  __syncthreads();
  for (int column = static_cast<int>(threadIdx.x); column < columns; column += kRowThreads) {
    float sum = sums_of(0)[column];
#pragma unroll
    for (int group = 1; group < Layout::kGroups; ++group) sum += sums_of(group)[column];
    row[column] = sum;
  }
}

/// Blocks of a multiprocessor: for more, which the compiler may aim at by itself, it would spill.
template <class Layout>
constexpr int kResidentBlocks = Layout::kPack > 1 ? 2 : 1;

template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads, kResidentBlocks<Layout>)
    backward_kernel(Backward<T> p) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  extern __shared__ float4 scratch[];
  T* const gammas = reinterpret_cast<T*>(scratch);  // until the sums take its place
  copy_columns<Layout>(p.gamma, p.columns, gammas);
  const auto columns = static_cast<float>(p.columns);
  const int run = static_cast<int>(p.rows_per_block) / Layout::kGroups;
  const std::int64_t begin = blockIdx.x * p.rows_per_block + Layout::group() * run;
  const int rows = static_cast<int>(min(std::int64_t{run}, p.rows - begin));
  Statistics<Layout> statistics(p.mean + begin, p.inverse_deviation + begin, rows);
  float grad_gamma[kPacks][kPack] = {};
  float grad_beta[kPacks][kPack] = {};
  for (int row = 0; row < run; ++row) {
    const std::int64_t row_end = row < rows ? p.columns : 0;
    const std::int64_t start = (begin + row) * p.columns;
    float normalized[kPacks][kPack];
    float g[kPacks][kPack];
    float total_g = 0.0F;
    float total_gn = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= row_end) continue;
      load_pack(p.sum + start + column, normalized[i]);
      load_pack(p.grad_output + start + column, g[i]);
    }
    statistics.move_to(row);
    if (row == 0) wait_for_columns();
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= row_end) continue;
      float gamma[kPack];
      load_pack(gammas + column, gamma);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        normalized[i][j] = (normalized[i][j] - statistics.mean) * statistics.inverse_deviation;
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
      store_gradient(p, start + column, g[i], normalized[i], means, statistics.inverse_deviation);
    }
  }
  auto* const floats = reinterpret_cast<float*>(scratch);
  store_partials<Layout>(grad_gamma, p.partials_gamma, p.columns, floats);
  store_partials<Layout>(grad_beta, p.partials_beta, p.columns, floats);
}

/// The share of a long row in the sums of a column.
__device__ inline float gamma_share(float gradient, float sum, float mean,
                                    float inverse_deviation) {
  return gradient * (sum - mean) * inverse_deviation;
}

/// What a block keeps in shared memory of long rows: a row of the sum and of grad_output and gamma
/// as they are stored, and the sums of the columns.
template <int kPack, class T>
class KeptRows {
 public:
  __device__ KeptRows(void* memory, int columns)
      : gamma_sums(static_cast<float*>(memory), columns),
        beta_sums(static_cast<float*>(memory) + Sums::floats(columns), columns),
        sum(reinterpret_cast<T*>(static_cast<float*>(memory) + 2 * Sums::floats(columns))),
        grad_output(sum + columns),
        gamma(grad_output + columns) {}

  static std::size_t bytes(std::int64_t columns) {
    return 2 * static_cast<std::size_t>(Sums::floats(columns)) * sizeof(float) +
           3 * static_cast<std::size_t>(columns) * sizeof(T);
  }

  using Sums = SharedSums<kPack>;
  Sums gamma_sums;
  Sums beta_sums;
  T* sum;
  T* grad_output;
  T* gamma;
};

/// A block per run of rows that do not fit into registers. `keeps`: shared memory holds KeptRows;
/// else rows are read twice, and column_sums_kernel reads them once more.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads) backward_long_kernel(Backward<T> p, bool keeps) {
  constexpr int kPack = Layout::kPack;
  extern __shared__ float4 scratch[];
  const KeptRows<kPack, T> kept(scratch, static_cast<int>(p.columns));
  const auto columns = static_cast<float>(p.columns);
  const std::int64_t begin = blockIdx.x * p.rows_per_block;
  const std::int64_t end = min(begin + p.rows_per_block, p.rows);
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t start = row * p.columns;
    const float mean = p.mean[row];
    const float inverse_deviation = p.inverse_deviation[row];
    const T* const known_gammas = keeps && row != begin ? kept.gamma : p.gamma;
    float total_g = 0.0F;
    float total_gn = 0.0F;
    for_long_row<Layout>(p.columns, [&](std::int64_t column) {
      float sum[kPack];
      float g[kPack];
      float gamma[kPack];
      load_pack(p.sum + start + column, sum);
      load_pack(p.grad_output + start + column, g);
      load_pack(known_gammas + column, gamma);
      if (keeps) {
        float shares[kPack];
#pragma unroll
        for (int j = 0; j < kPack; ++j) {
          shares[j] = gamma_share(g[j], sum[j], mean, inverse_deviation);
        }
        const auto at = static_cast<int>(column);
        keep_pack(kept.sum + at, sum);
        keep_pack(kept.grad_output + at, g);
        if (row == begin) {
          keep_pack(kept.gamma + at, gamma);
          kept.gamma_sums.store(at, shares);
          kept.beta_sums.store(at, g);
        } else {
          kept.gamma_sums.add(at, shares);
          kept.beta_sums.add(at, g);
        }
      }
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        g[j] *= gamma[j];
        total_g += g[j];
        total_gn += g[j] * ((sum[j] - mean) * inverse_deviation);
      }
    });
    const RowMeans means{row_reduce<Layout, Sum>(total_g) / columns,
                         row_reduce<Layout, Sum>(total_gn) / columns};
    const T* const sums = keeps ? kept.sum : p.sum + start;
    const T* const gradients = keeps ? kept.grad_output : p.grad_output + start;
    const T* const gammas = keeps ? kept.gamma : p.gamma;
    for_long_row<Layout>(p.columns, [&](std::int64_t column) {
      float normalized[kPack];
      float g[kPack];
      float gamma[kPack];
      load_pack(sums + column, normalized);
      load_pack(gradients + column, g);
      load_pack(gammas + column, gamma);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        normalized[j] = (normalized[j] - mean) * inverse_deviation;
        g[j] *= gamma[j];
      }
      store_gradient(p, start + column, g, normalized, means, inverse_deviation);
    });
  }
  if (!keeps) return;
  // The barriers of the last row's means lie between these sums and the threads that added them.
  for (std::int64_t column = threadIdx.x; column < p.columns; column += kRowThreads) {
    const auto at = static_cast<int>(column);
    p.partials_gamma[blockIdx.x * p.columns + column] = kept.gamma_sums[at];
    p.partials_beta[blockIdx.x * p.columns + column] = kept.beta_sums[at];
  }
}

/// The partial column sums of long rows that are not kept: a thread per column and run of rows.
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
    grad_gamma += gamma_share(gradient, to_f32(p.sum[i]), p.mean[row], p.inverse_deviation[row]);
    grad_beta += gradient;
  }
  p.partials_gamma[blockIdx.y * p.columns + column] = grad_gamma;
  p.partials_beta[blockIdx.y * p.columns + column] = grad_beta;
}

template <class Layout, class T>
void run(Context& context, const LayerNormBackward& p, Backward<T> backward) {
  const std::int64_t columns = backward.columns;
  constexpr std::int64_t kMostGroups = kMostBlocks<Layout> * Layout::kGroups;
  backward.rows_per_block =
      Layout::kGroups * std::max(kRowsPerGroup, blocks_of(backward.rows, kMostGroups));
  const std::int64_t blocks = blocks_of(backward.rows, backward.rows_per_block);
  auto* const partials =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(2 * blocks * columns));
  backward.partials_gamma = partials;
  backward.partials_beta = partials + blocks * columns;
  if constexpr (Layout::kPacks == 0) {
    const std::size_t kept = kept_bytes(context, KeptRows<Layout::kPack, T>::bytes(columns));
    launch(context, {"layer_norm_backward", blocks, kRowThreads, kept},
           backward_long_kernel<Layout, T>, backward, kept != 0);
    if (kept == 0) {
      launch(
          context,
          {"layer_norm_backward (columns)", {blocks_of(columns, kRowThreads), blocks}, kRowThreads},
          column_sums_kernel<T>, backward);
    }
  } else {
    constexpr std::size_t kScratch = sizeof(float) * Layout::kGroups * kGroupFloats<Layout>;
    launch(context, {"layer_norm_backward", blocks, kRowThreads, kScratch},
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
