// Cross-entropy on CUDA: loss and gradient in one pass over the logits. Rows of up to 32 classes
// lie in shared memory, many to a warp (kernels/common/cuda/short_rows.cuh), longer ones in
// registers and those of more than 4096 classes in shared memory again (rows.cuh); only rows that
// do not fit there are read three times. A block takes a fixed run of rows and leaves a partial sum
// of the loss (loss_sums.cuh). The sum of the weights of the targets' classes is found by a pass
// over the targets before.
//
// A kernel cannot throw: a target that is neither a class nor ignore_index gives a loss and a row
// of the gradient of NaN.
//
// Per logit: 2 * sizeof(T) bytes; an exponential and some 10 operations.
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/loss_sums.cuh"
#include "kernels/common/cuda/rows.cuh"
#include "kernels/common/cuda/short_rows.cuh"
#include "kernels/cross_entropy/cross_entropy_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr std::int64_t kRowsPerGroup = 4;

template <class T>
struct Rows {
  const T* logits;
  const std::int32_t* targets;
  const T* weights;  // of classes; null: ones
  T* gradient;       // null: not wanted
  std::int64_t count;
  std::int64_t classes;
  float smoothing;
  float smoothing_share;  // of each class
  std::int32_t ignore_index;

  __device__ float weight(std::int64_t c) const {
    return weights != nullptr ? to_f32(weights[c]) : 1.0F;
  }
  __device__ bool counts(std::int32_t target) const { return target != ignore_index; }
  __device__ bool valid(std::int32_t target) const { return target >= 0 && target < classes; }
  /// q of cross_entropy.h; NaN for a target that is no class.
  __device__ float share(std::int64_t c, std::int32_t target) const {
    if (!valid(target)) return NAN;
    return weight(c) * ((c == target ? 1.0F - smoothing : 0.0F) + smoothing_share);
  }
};

template <class T>
__global__ void __launch_bounds__(kLossThreads) weights_kernel(Rows<T> rows, float* partials) {
  const std::int64_t begin = blockIdx.x * kLossBlock;
  const std::int64_t end = min(begin + kLossBlock, rows.count);
  float total = 0.0F;
  for (std::int64_t row = begin + threadIdx.x; row < end; row += kLossThreads) {
    const std::int32_t target = rows.targets[row];
    if (rows.counts(target)) total += rows.valid(target) ? rows.weight(target) : NAN;
  }
  store_block_sum(total, partials);
}

/// What all classes of a row have in common.
struct RowSums {
  float largest;
  float log_sum;        // of exponentials of logits minus the largest
  float share_per_sum;  // sum of shares over sum of exponentials
};

/// The loss of one class; its gradient replaces `logit`.
__device__ float class_loss(float& logit, float share, const RowSums& sums, float scale) {
  const float centred = logit - sums.largest;
  logit = (expf(centred) * sums.share_per_sum - share) * scale;
  return share == 0.0F ? 0.0F : share * (sums.log_sum - centred);
}

// Four blocks of a multiprocessor: for eight, which the compiler aims at by itself, it would spill.
template <class T>
__global__ void __launch_bounds__(kShortRowThreads, 4)
    cross_entropy_short_kernel(Rows<T> rows, InverseNormalizer normalizer, ShortRows short_rows,
                               float* partials) {
  extern __shared__ uint4 memory[];
  const RowTile tile(short_rows);
  float* const x = tile.place(memory, 0);
  __shared__ float scale;
  if (threadIdx.x == 0) scale = normalizer();
  tile.load(rows.logits, x);
  __syncthreads();  // the scale is there
  float total = 0.0F;
  tile.for_rows([&](std::int64_t row, unsigned at, unsigned columns) {
    float* const logits = x + at;
    const std::int32_t target = columns != 0 ? rows.targets[row] : rows.ignore_index;
    const unsigned read = rows.counts(target) ? columns : 0;
    float largest = Maximum::kIdentity;
    float shares = 0.0F;
    tile.for_columns(read, [&](unsigned c) {
      largest = Maximum()(largest, logits[c]);
      shares += rows.share(c, target);
    });
    RowSums sums{.largest = tile.reduce<Maximum>(largest)};
    shares = tile.reduce<Sum>(shares);
    float sum = 0.0F;
    tile.for_columns(read, [&](unsigned c) { sum += expf(logits[c] - sums.largest); });
    sum = tile.reduce<Sum>(sum);
    sums.log_sum = logf(sum);
    sums.share_per_sum = shares / sum;
    const bool some = rows.counts(target) && shares != 0.0F;
    tile.for_columns(columns, [&](unsigned c) {
      if (some) {
        total += class_loss(logits[c], rows.share(c, target), sums, scale);
      } else {
        logits[c] = 0.0F;
      }
    });
  });
  if (rows.gradient != nullptr) tile.store(x, rows.gradient);
  store_block_sum(total, partials);
}

// Four blocks of a multiprocessor: for five, which the compiler aims at by itself, it would spill.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads, 4)
    cross_entropy_kernel(Rows<T> rows, InverseNormalizer normalizer, std::int64_t rows_per_block,
                         float* partials) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  const float scale = normalizer();
  const std::int64_t begin = blockIdx.x * rows_per_block;
  const std::int64_t end = min(begin + rows_per_block, rows.count);
  float total = 0.0F;
  for_rows<Layout>(begin, end, Layout::kGroups, [&](std::int64_t row, bool present) {
    const std::int32_t target = present ? rows.targets[row] : rows.ignore_index;
    const std::int64_t read_end = rows.counts(target) ? rows.classes : 0;
    const T* const logits = rows.logits + row * rows.classes;
    float x[kPacks][kPack];
    float largest = Maximum::kIdentity;
    float shares = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= read_end) continue;
      load_pack(logits + column, x[i]);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        largest = Maximum()(largest, x[i][j]);
        shares += rows.share(column + j, target);
      }
    }
    RowSums sums{.largest = row_reduce<Layout, Maximum>(largest)};
    shares = row_reduce<Layout, Sum>(shares);
    float sum = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (Layout::column(i) >= read_end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) sum += expf(x[i][j] - sums.largest);
    }
    sum = row_reduce<Layout, Sum>(sum);
    sums.log_sum = logf(sum);
    sums.share_per_sum = shares / sum;
    const bool some = rows.counts(target) && shares != 0.0F;
    const std::int64_t write_end = present ? rows.classes : 0;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= write_end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        if (some) {
          total += class_loss(x[i][j], rows.share(column + j, target), sums, scale);
        } else {
          x[i][j] = 0.0F;
        }
      }
      if (rows.gradient != nullptr) {
        store_pack(rows.gradient + row * rows.classes + column, x[i]);
      }
    }
  });
  store_block_sum(total, partials);
}

/// A block per row that does not fit into registers. `keeps`: shared memory holds the row.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    cross_entropy_long_kernel(Rows<T> rows, InverseNormalizer normalizer,
                              std::int64_t rows_per_block, float* partials, bool keeps) {
  constexpr int kPack = Layout::kPack;
  extern __shared__ uint4 memory[];
  auto* const kept = reinterpret_cast<T*>(memory);
  const float scale = normalizer();
  const std::int64_t begin = blockIdx.x * rows_per_block;
  const std::int64_t end = min(begin + rows_per_block, rows.count);
  float total = 0.0F;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int32_t target = rows.targets[row];
    const std::int64_t read_end = rows.counts(target) ? rows.classes : 0;
    const T* const logits = rows.logits + row * rows.classes;
    float largest = Maximum::kIdentity;
    float shares = 0.0F;
    for_long_row<Layout>(read_end, [&](std::int64_t column) {
      float x[kPack];
      load_pack(logits + column, x);
      if (keeps) keep_pack(kept + column, x);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        largest = Maximum()(largest, x[j]);
        shares += rows.share(column + j, target);
      }
    });
    const T* const again = keeps ? kept : logits;
    RowSums sums{.largest = row_reduce<Layout, Maximum>(largest)};
    shares = row_reduce<Layout, Sum>(shares);
    float sum = 0.0F;
    for_long_row<Layout>(read_end, [&](std::int64_t column) {
      float x[kPack];
      load_pack(again + column, x);
#pragma unroll
      for (int j = 0; j < kPack; ++j) sum += expf(x[j] - sums.largest);
    });
    sum = row_reduce<Layout, Sum>(sum);
    sums.log_sum = logf(sum);
    sums.share_per_sum = shares / sum;
    const bool some = rows.counts(target) && shares != 0.0F;
    for_long_row<Layout>(rows.classes, [&](std::int64_t column) {
      float x[kPack] = {};
      if (some) {
        load_pack(again + column, x);
#pragma unroll
        for (int j = 0; j < kPack; ++j) {
          total += class_loss(x[j], rows.share(column + j, target), sums, scale);
        }
      }
      if (rows.gradient != nullptr) {
        store_whole_pack(rows.gradient + row * rows.classes + column, x);
      }
    });
  }
  store_block_sum(total, partials);
}

/// Starts the kernel of `blocks` blocks by start(scale, partials), between what finds the scale and
/// what adds the partial sums.
template <class T, class Start>
void run(Context& context, const Rows<T>& rows, InverseNormalizer scale, float* loss,
         std::int64_t blocks, Start&& start) {
  const std::int64_t target_blocks = blocks_of(rows.count, kLossBlock);
  // The normalizer, then a partial sum per block.
  auto* const workspace = static_cast<double*>(context.workspace().acquire(
      sizeof(double) + static_cast<std::size_t>(blocks + target_blocks) * sizeof(float)));
  auto* const partials = reinterpret_cast<float*>(workspace + 1);
  if (scale.value == 0.0) {
    launch(context, {"cross_entropy (weights)", target_blocks, kLossThreads}, weights_kernel<T>,
           rows, partials);
    sum_partials(context, partials, target_blocks, workspace);
    scale.on_device = workspace;
  }
  start(scale, partials);
  store_loss(context, partials, blocks, scale, loss);
}

template <class T>
void run_short(Context& context, const Rows<T>& rows, InverseNormalizer scale, float* loss) {
  const ShortRows short_rows(rows.count, rows.classes,
                             aligned_to(kShortPack * sizeof(T), rows.logits, rows.gradient));
  const LaunchShape shape = short_rows_shape("cross_entropy", short_rows, 1);
  run(context, rows, scale, loss, shape.grid.x, [&](InverseNormalizer known, float* partials) {
    launch(context, shape, cross_entropy_short_kernel<T>, rows, known, short_rows, partials);
  });
}

template <class Layout, class T>
void run_longer(Context& context, const Rows<T>& rows, InverseNormalizer scale, float* loss) {
  const std::int64_t rows_per_block = kRowsPerGroup * Layout::kGroups;
  const std::int64_t blocks = blocks_of(rows.count, rows_per_block);
  LaunchShape shape{"cross_entropy", blocks, kRowThreads};
  run(context, rows, scale, loss, blocks, [&](InverseNormalizer known, float* partials) {
    if constexpr (Layout::kPacks == 0) {
      shape.shared_bytes = kept_bytes(context, static_cast<std::size_t>(rows.classes) * sizeof(T));
      launch(context, shape, cross_entropy_long_kernel<Layout, T>, rows, known, rows_per_block,
             partials, shape.shared_bytes != 0);
    } else {
      launch(context, shape, cross_entropy_kernel<Layout, T>, rows, known, rows_per_block,
             partials);
    }
  });
}

}  // namespace

void cross_entropy(Context& context, const CrossEntropy& p) {
  const auto smoothing = static_cast<float>(p.label_smoothing);
  const float smoothing_share = smoothing / static_cast<float>(p.logits.shape[1]);
  for_storage(p.logits.dtype, [&]<class T>(std::type_identity<T>) {
    const Rows<T> rows{.logits = p.logits.as<T>(),
                       .targets = p.targets.as<std::int32_t>(),
                       .weights = p.class_weights.as<T>(),
                       .gradient = p.grad_logits.as<T>(),
                       .count = p.logits.shape[0],
                       .classes = p.logits.shape[1],
                       .smoothing = smoothing,
                       .smoothing_share = smoothing_share,
                       .ignore_index = p.ignore_index};
    if (are_short_rows(rows.classes)) {
      return run_short(context, rows, {p.normalizer}, p.loss.as<float>());
    }
    const bool in_packs =
        rows.classes % kPackOf<T> == 0 && aligned_to(16, p.logits.data, p.grad_logits.data);
    for_longer_row_layout<T>(rows.classes, in_packs, [&]<class Layout>(Layout) {
      run_longer<Layout>(context, rows, {p.normalizer}, p.loss.as<float>());
    });
  });
}

}  // namespace ebb::kernels::cuda
