// The embedding's backward direction on CUDA, without atomics: indices are sorted by row
// (embedding_sort.cuh), so that the gradients of a table row are a run of the sorted positions, in
// ascending order. The list is cut into pieces of 32. A thread adds up the positions of a piece in
// order for one pack of columns; where a run lies within a piece, that is the row's gradient.
// Otherwise the sums of its pieces go to scratch memory, and the block of the piece where the run
// begins adds them: thread y of that block every blockDim.y-th, then the threads in order. All of
// it depends on the indices and the shape alone, so the same operands give the same bits.
//
// Per element sizeof(T) bytes read and, of the table, sizeof(T) written twice (zeros come first);
// runs over many pieces move up to 1/8 (f32) or 1/4 (bf16) more. A pass of the sort moves 24 bytes
// per index.
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/error.h"
#include "kernels/common/workspace_parts.h"
#include "kernels/embedding/embedding_backends.h"
#include "kernels/embedding/embedding_rows.cuh"
#include "kernels/embedding/embedding_sort.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr std::uint32_t kPiece = 32;                          // sorted positions
constexpr std::uint32_t kBatch = 4;                           // of them read at once
constexpr std::int64_t kMostIndices = std::int64_t{1} << 31;  // whose positions have 32 bits

template <class T>
struct Sums {
  SortItems sorted;
  const T* grad_output;
  RowOffsets offsets;
  T* grad_table;
  /// [pieces, 2, vectors of a pack, packs, vector]: of the run from before, then of the one that
  /// goes on; a vector is what a lane moves at once, so that neighbouring lanes move neighbours.
  float* partials;
  std::int64_t packs;
  bool accumulate;

  template <int kPack>
  static constexpr int kVector = kPack < 4 ? kPack : 4;

  /// Of vector `v` of a pack.
  template <int kPack>
  __device__ float* partial(std::uint32_t piece, bool goes_on, std::int64_t pack, int v) const {
    const std::int64_t run = 2 * std::int64_t{piece} + (goes_on ? 1 : 0);
    return partials + (run * kPack + v * kVector<kPack>)*packs + pack * kVector<kPack>;
  }
  template <int kPack>
  __device__ void store_partial(std::uint32_t piece, bool goes_on, std::int64_t pack,
                                const float (&sum)[kPack]) const {
#pragma unroll
    for (int v = 0; v < kPack / kVector<kPack>; ++v) {
      float vector[kVector<kPack>];
#pragma unroll
      for (int j = 0; j < kVector<kPack>; ++j) vector[j] = sum[v * kVector<kPack> + j];
      store_pack(partial<kPack>(piece, goes_on, pack, v), vector);
    }
  }
  template <int kPack>
  __device__ void load_partial(std::uint32_t piece, bool goes_on, std::int64_t pack,
                               float (&sum)[kPack]) const {
#pragma unroll
    for (int v = 0; v < kPack / kVector<kPack>; ++v) {
      float vector[kVector<kPack>];
      load_pack(partial<kPack>(piece, goes_on, pack, v), vector);
#pragma unroll
      for (int j = 0; j < kVector<kPack>; ++j) sum[v * kVector<kPack> + j] = vector[j];
    }
  }
};

template <int kPack, class T>
__device__ inline void write_row(const Sums<T>& s, std::uint32_t row, std::int64_t pack,
                                 float (&sum)[kPack]) {
  T* to = s.grad_table + (row * s.packs + pack) * kPack;
  if (s.accumulate) {
    float before[kPack];
    load_pack(to, before);
#pragma unroll
    for (int j = 0; j < kPack; ++j) sum[j] = before[j] + sum[j];
  }
  store_pack(to, sum);
}

/// The numbers of a batch, of which `present` are there.
__device__ inline void load_batch(const std::uint32_t* from, std::uint32_t present,
                                  std::uint32_t (&batch)[kBatch]) {
  static_assert(kBatch == 4 && kPiece % kBatch == 0);
  if (present >= kBatch) {
    const uint4 words = *reinterpret_cast<const uint4*>(from);
    batch[0] = words.x;
    batch[1] = words.y;
    batch[2] = words.z;
    batch[3] = words.w;
    return;
  }
#pragma unroll
  for (std::uint32_t b = 0; b < kBatch; ++b) {
    if (b < present) batch[b] = from[b];
  }
}

/// The sums of the runs of one piece in one pack of columns.
template <int kPack, class T>
__device__ void sum_piece(const Sums<T>& s, std::uint32_t piece, std::int64_t pack) {
  const std::uint32_t none = s.sorted.most;
  const std::uint32_t begin = piece * kPiece;
  const std::uint32_t end = min(s.sorted.n, begin + kPiece);
  const std::uint32_t after = end < s.sorted.n ? s.sorted.keys[end] : none;
  bool from_before = begin > 0 && s.sorted.keys[begin - 1] == s.sorted.keys[begin];
  std::uint32_t row = s.sorted.keys[begin];
  float sum[kPack] = {};
  const auto finish_run = [&](bool goes_on) {
    if (row == none) return;
    if (from_before || goes_on) {
      s.store_partial(piece, !from_before, pack, sum);
    } else {
      write_row(s, row, pack, sum);
    }
  };
  for (std::uint32_t first = begin; first < end; first += kBatch) {
    std::uint32_t rows[kBatch];
    std::uint32_t positions[kBatch];
    load_batch(s.sorted.keys + first, end - first, rows);
    load_batch(s.sorted.positions + first, end - first, positions);
    float values[kBatch][kPack];
#pragma unroll
    for (std::uint32_t b = 0; b < kBatch; ++b) {
      if (first + b >= end || rows[b] == none) continue;
      const std::int64_t offset = s.offsets(positions[b]);
      load_pack(s.grad_output + offset + pack * kPack, values[b]);
    }
#pragma unroll
    for (std::uint32_t b = 0; b < kBatch; ++b) {
      if (first + b >= end) break;
      if (rows[b] != row) {
        finish_run(false);
        from_before = false;
        row = rows[b];
#pragma unroll
        for (int j = 0; j < kPack; ++j) sum[j] = 0.0F;
      }
      if (row == none) return;
#pragma unroll
      for (int j = 0; j < kPack; ++j) sum[j] += values[b][j];
    }
  }
  finish_run(row == after);
}

template <int kPack, class T>
__global__ void __launch_bounds__(kEmbeddingThreads) sum_pieces(Sums<T> s, std::uint32_t pieces) {
  const std::uint32_t stride = gridDim.x * blockDim.y;
  for (std::uint32_t piece = blockIdx.x * blockDim.y + threadIdx.y; piece < pieces;
       piece += stride) {
    for (std::int64_t pack = threadIdx.x; pack < s.packs; pack += blockDim.x) {
      sum_piece<kPack>(s, piece, pack);
    }
  }
}

/// The last piece of the run that the first position of piece `low` belongs to.
__device__ inline std::uint32_t last_piece(const SortItems& sorted, std::uint32_t low,
                                           std::uint32_t pieces) {
  const std::uint32_t row = sorted.keys[low * kPiece];
  const auto begins_with_row = [&](std::uint32_t piece) {
    return piece < pieces && sorted.keys[piece * kPiece] == row;
  };
  // Most runs are short.
  std::uint32_t step = 1;
  while (begins_with_row(low + step)) {
    low += step;
    step *= 2;
  }
  for (; step > 0; step /= 2) {
    if (begins_with_row(low + step)) low += step;
  }
  return low;
}

/// Block `piece` adds up the run that begins in this piece and goes on.
template <int kPack, class T>
__global__ void __launch_bounds__(kEmbeddingThreads)
    sum_long_runs(Sums<T> s, std::uint32_t pieces) {
  __shared__ float scratch[kPack][kEmbeddingThreads];
  const std::uint32_t piece = blockIdx.x;
  const std::uint32_t begin = piece * kPiece;
  const std::uint32_t next = begin + kPiece;
  if (next >= s.sorted.n) return;
  const std::uint32_t row = s.sorted.keys[next - 1];
  const bool goes_on = s.sorted.keys[next] == row;
  const bool from_before = begin > 0 && s.sorted.keys[begin - 1] == row;
  if (row == s.sorted.most || !goes_on || from_before) return;
  const std::uint32_t last = last_piece(s.sorted, piece + 1, pieces);
  for (std::int64_t first_pack = 0; first_pack < s.packs; first_pack += blockDim.x) {
    const std::int64_t pack = first_pack + threadIdx.x;
    const bool inside = pack < s.packs;
    float sum[kPack] = {};
    if (inside && threadIdx.y == 0) s.load_partial(piece, true, pack, sum);
    if (inside) {
#pragma unroll 4
      for (std::uint32_t p = piece + 1 + threadIdx.y; p <= last; p += blockDim.y) {
        float values[kPack];
        s.load_partial(p, false, pack, values);
#pragma unroll
        for (int j = 0; j < kPack; ++j) sum[j] += values[j];
      }
    }
    const std::uint32_t thread = threadIdx.y * blockDim.x + threadIdx.x;
#pragma unroll
    for (int j = 0; j < kPack; ++j) scratch[j][thread] = sum[j];
    __syncthreads();
    if (inside && threadIdx.y == 0) {
      for (std::uint32_t y = 1; y < blockDim.y; ++y) {
#pragma unroll
        for (int j = 0; j < kPack; ++j) sum[j] += scratch[j][y * blockDim.x + threadIdx.x];
      }
      write_row(s, row, pack, sum);
    }
    __syncthreads();
  }
}

struct Scratch {
  Scratch(void* memory, std::int64_t n, std::int64_t dim) {
    WorkspaceParts parts(memory);
    partials = parts.take<float>(2 * blocks_of(n, kPiece) * dim);
    for (int side = 0; side < 2; ++side) {
      sort.keys[side] = parts.take<std::uint32_t>(n);
      sort.positions[side] = parts.take<std::uint32_t>(n);
    }
    sort.counts = parts.take<std::uint32_t>(kDigits * sort_tiles(n));
    sort.totals = parts.take<std::uint32_t>(kDigits);
    bytes = parts.bytes();
  }

  float* partials;
  SortBuffers sort;
  std::size_t bytes;
};

}  // namespace

void embedding_backward(Context& context, const EmbeddingBackward& p) {
  const std::int64_t n = p.indices.elements();
  const std::int64_t rows = p.grad_table.shape[0];
  const std::int64_t dim = p.grad_table.shape[1];
  if (n > kMostIndices) {
    fail("embedding_backward: {} indices are given, a GPU takes at most {} at once", n,
         kMostIndices);
  }
  if (!p.accumulate) {
    zero(context.stream(), p.grad_table.data,
         static_cast<std::size_t>(rows * dim) * size_of(p.grad_table.dtype));
  }
  if (n == 0 || rows == 0 || dim == 0) return;
  const std::size_t bytes = Scratch(nullptr, n, dim).bytes;
  const Scratch scratch(context.workspace().acquire(bytes), n, dim);
  const SortItems sorted =
      sort_indices(context, p.indices.as<std::int32_t>(), n, rows, scratch.sort);
  const auto pieces = static_cast<std::uint32_t>(blocks_of(n, kPiece));
  for_storage(p.grad_table.dtype, [&]<class T>(std::type_identity<T>) {
    const RowOffsets offsets(p.grad_output);
    const auto* grad_output = p.grad_output.as<T>();
    auto* grad_table = p.grad_table.as<T>();
    const auto run = [&]<int kPack>() {
      const Sums<T> sums{.sorted = sorted,
                         .grad_output = grad_output,
                         .offsets = offsets,
                         .grad_table = grad_table,
                         .partials = scratch.partials,
                         .packs = dim / kPack,
                         .accumulate = p.accumulate};
      const RowThreads threads(context, sums.packs, pieces);
      launch(context, {"embedding_backward", threads.grid, threads.block}, sum_pieces<kPack, T>,
             sums, pieces);
      launch(context, {"embedding_backward", pieces, threads.block}, sum_long_runs<kPack, T>, sums,
             pieces);
    };
    with_row_packs<T>(dim, offsets, run, grad_output, grad_table);
  });
}

}  // namespace ebb::kernels::cuda
