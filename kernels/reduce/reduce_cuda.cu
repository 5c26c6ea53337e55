// Reductions over a dimension on CUDA: [outer, n, inner] -> [outer, inner], summed in f32.
//
//   shape            threads                                         loads
//   inner = 1        a part of a warp (up to 256 packs), or 256      neighbours along n
//                    threads, for a row or a part of it
//   n up to 16       one for a pack of columns                       neighbours along inner
//   else             256 for up to 32 packs of columns and a part    neighbours along inner
//                    of the rows, which they share
//
// A pack is 16 bytes where extents are whole packs and memory is aligned so, else one element.
// Where the outputs alone would leave a GPU idle, n is cut into parts; their sums go to the
// workspace and a second launch adds them in order. Parts depend on the shape alone.
//
// Per element: sizeof(T) bytes moved, one addition. Partial sums add 8 bytes for 64 rows or more,
// or for 8192 neighbours.
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/reduce/reduce_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr std::int64_t kShort = 16;           // rows that one thread adds alone
constexpr std::int64_t kRowPart = 8192;       // least neighbours in a part of a row
constexpr std::int64_t kEnoughBlocks = 1024;  // to keep every GPU busy

/// Where sums go: to the output, or to the workspace where they are parts of one.
template <class T>
struct Target {
  T* output;
  float* partials;  // null: no parts
  float scale;
  bool accumulate;

  __device__ float finished(float before, float total) const {
    const float value = total * scale;
    return accumulate ? before + value : value;
  }
  __device__ void store(std::int64_t i, float total) const {
    if (partials != nullptr) {
      partials[i] = total;
    } else {
      output[i] = from_f32<T>(finished(accumulate ? to_f32(output[i]) : 0.0F, total));
    }
  }
};

/// n cut into `count` parts of `size`, the last one shorter.
struct Parts {
  std::int64_t count;
  std::int64_t size;
};

/// Rows of n neighbours: `per_part` threads add a part of a row.
template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    rows_kernel(const T* input, Target<T> target, std::int64_t rows, std::int64_t n, Parts parts,
                int per_part) {
  __shared__ float scratch[kThreads / kWarpSize];
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t item = std::int64_t{blockIdx.x} * (kThreads / per_part) + thread / per_part;
  const bool present = item < rows * parts.count;
  const std::int64_t begin = item % parts.count * parts.size;
  const std::int64_t end = present ? min(n, begin + parts.size) : 0;
  const T* row = input + item / parts.count * n;
  float sums[kPack] = {};
#pragma unroll 4
  for (std::int64_t i = begin + thread % per_part * kPack; i < end; i += per_part * kPack) {
    float values[kPack];
    load_pack(row + i, values);
#pragma unroll
    for (int j = 0; j < kPack; ++j) sums[j] += values[j];
  }
  float total = 0.0F;
#pragma unroll
  for (int j = 0; j < kPack; ++j) total += sums[j];
  if (per_part == kThreads) {
    total = block_reduce<Sum>(total, scratch);
  } else {
    for (int distance = per_part / 2; distance > 0; distance /= 2) {
      total += __shfl_xor_sync(kAllLanes, total, distance);
    }
  }
  if (present && thread % per_part == 0) target.store(item, total);
}

/// Few rows: each thread adds a pack of columns.
template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    short_kernel(const T* input, Target<T> target, ReduceExtents extents) {
  const std::int64_t packs = extents.inner / kPack;
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  for (; i < extents.outer * packs; i += stride) {
    const T* from = input + i / packs * extents.n * extents.inner + i % packs * kPack;
    float sums[kPack] = {};
#pragma unroll 4
    for (std::int64_t row = 0; row < extents.n; ++row) {
      float values[kPack];
      load_pack(from + row * extents.inner, values);
#pragma unroll
      for (int j = 0; j < kPack; ++j) sums[j] += values[j];
    }
    float before[kPack] = {};
    if (target.accumulate) load_pack(target.output + i * kPack, before);
#pragma unroll
    for (int j = 0; j < kPack; ++j) sums[j] = target.finished(before[j], sums[j]);
    store_pack(target.output + i * kPack, sums);
  }
}

/// A block adds a part of the rows of `across` packs of columns.
template <int kPack, class In, class T>
__global__ void __launch_bounds__(kThreads)
    columns_kernel(const In* input, Target<T> target, ReduceExtents extents, Parts parts,
                   int across) {
  // A row of this array for each element of a pack; padded so that neighbouring columns, which are
  // written together, lie in different banks.
  constexpr int kStride = kThreads + kWarpSize / kPack;
  __shared__ float exchange[kPack * kStride];
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t tiles = blocks_of(extents.inner, across * kPack);
  const std::int64_t tile = blockIdx.x % tiles;
  const std::int64_t item = blockIdx.x / tiles;  // outer index and part
  const std::int64_t begin = item % parts.count * parts.size;
  const std::int64_t end = min(extents.n, begin + parts.size);
  const std::int64_t column = (tile * across + thread % across) * kPack;
  const In* from = input + item / parts.count * extents.n * extents.inner + column;
  const int down = kThreads / across;
  float sums[kPack] = {};
  if (column < extents.inner) {
#pragma unroll 4
    for (std::int64_t row = begin + thread / across; row < end; row += down) {
      float values[kPack];
      load_pack(from + row * extents.inner, values);
#pragma unroll
      for (int j = 0; j < kPack; ++j) sums[j] += values[j];
    }
  }
#pragma unroll
  for (int j = 0; j < kPack; ++j) exchange[j * kStride + thread] = sums[j];
  __syncthreads();
  if (thread >= across * kPack) return;
  const std::int64_t written = tile * across * kPack + thread;
  if (written >= extents.inner) return;
  const float* of_column = exchange + thread % kPack * kStride + thread / kPack;
  float total = 0.0F;
  for (int i = 0; i < down; ++i) total += of_column[i * across];
  target.store(item * extents.inner + written, total);
}

/// The least power of two that is not below `count`, at most `most`.
int power_of_two(std::int64_t count, int most) {
  int power = 1;
  while (power < most && power < count) power *= 2;
  return power;
}

Parts cut(std::int64_t n, std::int64_t count, std::int64_t multiple) {
  const std::int64_t size =
      std::max<std::int64_t>(blocks_of(blocks_of(n, count), multiple) * multiple, multiple);
  return {std::max<std::int64_t>(blocks_of(n, size), 1), size};
}

/// Space for the sums of all parts, where there are several.
template <class T>
Target<T> partial_target(Context& context, const Target<T>& target, std::int64_t outputs,
                         const Parts& parts) {
  Target<T> partial = target;
  if (parts.count > 1) {
    partial.partials =
        context.workspace().acquire_array<float>(static_cast<std::size_t>(outputs * parts.count));
  }
  return partial;
}

template <int kPack, class In, class T>
void launch_columns(Context& context, const In* input, const Target<T>& target,
                    const ReduceExtents& extents, const Parts& parts, int across) {
  const std::int64_t tiles = blocks_of(extents.inner, across * kPack);
  const std::int64_t blocks = extents.outer * parts.count * tiles;
  launch(context, {"reduce", blocks, kThreads}, columns_kernel<kPack, In, T>, input, target,
         extents, parts, across);
}

/// Adds the sums of the parts, [outer, parts, inner].
template <class T>
void add_parts(Context& context, const float* partials, const Target<T>& target,
               const ReduceExtents& extents, const Parts& parts) {
  if (parts.count == 1) return;
  const ReduceExtents of_parts{extents.outer, parts.count, extents.inner};
  launch_columns<1>(context, partials, target, of_parts, {1, parts.count},
                    power_of_two(extents.inner, kWarpSize));
}

template <int kPack, class T>
void reduce_rows(Context& context, const T* input, const Target<T>& target,
                 const ReduceExtents& extents) {
  const std::int64_t wanted =
      std::min(blocks_of(extents.n, kRowPart),
               blocks_of(kEnoughBlocks, std::max<std::int64_t>(extents.outer, 1)));
  const Parts parts = cut(extents.n, std::max<std::int64_t>(wanted, 1), 32);
  const std::int64_t packs = std::min(parts.size, extents.n) / kPack;
  const int per_part = packs > kThreads ? kThreads : power_of_two(packs, kWarpSize);
  const Target<T> partial = partial_target(context, target, extents.outer, parts);
  const std::int64_t blocks = blocks_of(extents.outer * parts.count, kThreads / per_part);
  launch(context, {"reduce", blocks, kThreads}, rows_kernel<kPack, T>, input, partial,
         extents.outer, extents.n, parts, per_part);
  add_parts(context, partial.partials, target, extents, parts);
}

template <int kPack, class T>
void reduce_columns(Context& context, const T* input, const Target<T>& target,
                    const ReduceExtents& extents) {
  const std::int64_t packs = extents.inner / kPack;
  if (extents.n <= kShort) {
    launch(context, {"reduce", grid_for(context, extents.outer * packs, kThreads), kThreads},
           short_kernel<kPack, T>, input, target, extents);
    return;
  }
  const int across = power_of_two(packs, kWarpSize);
  const std::int64_t outputs = std::max<std::int64_t>(extents.outer * blocks_of(packs, across), 1);
  constexpr std::int64_t kRowsPerThread = 8;
  const std::int64_t most = blocks_of(extents.n, kRowsPerThread * (kThreads / across));
  const Parts parts = cut(extents.n, std::min(most, blocks_of(kEnoughBlocks / 2, outputs)), 1);
  const Target<T> partial = partial_target(context, target, extents.outer * extents.inner, parts);
  launch_columns<kPack>(context, input, partial, extents, parts, across);
  add_parts(context, partial.partials, target, extents, parts);
}

template <int kPack, class T>
void reduce_in_packs(Context& context, const T* input, const Target<T>& target,
                     const ReduceExtents& extents) {
  if (extents.inner == 1) return reduce_rows<kPack>(context, input, target, extents);
  reduce_columns<kPack>(context, input, target, extents);
}

}  // namespace

void reduce(Context& context, const Reduce& p) {
  const ReduceExtents extents = reduce_extents(p.input.shape, p.dimension);
  const bool mean = p.operation == ReduceOperation::mean;
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const T* input = p.input.as<T>();
    const Target<T> target{.output = p.output.as<T>(),
                           .partials = nullptr,
                           // Of nothing: infinity, and so the mean 0 * infinity is NaN.
                           .scale = mean ? 1.0F / static_cast<float>(extents.n) : 1.0F,
                           .accumulate = p.accumulate};
    const std::int64_t neighbours = extents.inner == 1 ? extents.n : extents.inner;
    // Only columns are written in packs.
    const T* written = extents.inner == 1 ? nullptr : target.output;
    if (neighbours % kPackOf<T> == 0 && aligned_to(16, input, written)) {
      return reduce_in_packs<kPackOf<T>>(context, input, target, extents);
    }
    reduce_in_packs<1>(context, input, target, extents);
  });
}

}  // namespace ebb::kernels::cuda
