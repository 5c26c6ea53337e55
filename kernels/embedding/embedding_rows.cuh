// What both directions of the embedding share on CUDA: rows of any strides, and how threads take
// packs of rows.
#pragma once

#include <algorithm>

#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::kernels::cuda {

inline constexpr int kEmbeddingThreads = 256;

/// Where rows of a view begin. Neighbouring dimensions that lie evenly are one, so that the usual
/// views (dense, or with gaps between rows) need no division.
struct RowOffsets {
  template <class Pointer>
  explicit RowOffsets(const BasicView<Pointer>& rows) {
    for (int i = 0; i + 1 < rows.shape.rank(); ++i) {
      if (rows.shape[i] == 1) continue;
      if (rank > 0 && strides[rank - 1] == rows.shape[i] * rows.strides[i]) {
        extents[rank - 1] *= rows.shape[i];
        strides[rank - 1] = rows.strides[i];
        continue;
      }
      extents[rank] = rows.shape[i];
      strides[rank] = rows.strides[i];
      ++rank;
    }
    if (rank == 0) rank = 1;  // one row
  }

  /// Whether every row begins at a multiple of `elements`.
  bool multiples_of(std::int64_t elements) const {
    return std::all_of(strides, strides + rank, [&](auto s) { return s % elements == 0; });
  }

  /// Where row `row` begins. Index: of 32 bits where all rows are below 2^32, which divides in
  /// place; a division of 64 bits is a call.
  template <class Index>
  __device__ std::int64_t operator()(Index row) const {
    std::int64_t offset = 0;
    for (int i = rank - 1; i > 0; --i) {
      const auto extent = static_cast<Index>(extents[i]);
      offset += static_cast<std::int64_t>(row % extent) * strides[i];
      row /= extent;
    }
    return offset + static_cast<std::int64_t>(row) * strides[0];
  }

  int rank = 0;
  std::int64_t extents[kMaxRank] = {};
  std::int64_t strides[kMaxRank] = {};
};

/// Threads along x take the packs of a row, those along y rows (or runs of rows).
struct RowThreads {
  RowThreads(const Context& context, std::int64_t packs_per_row, std::int64_t rows) {
    while (block.x < packs_per_row && block.x < kEmbeddingThreads) block.x *= 2;
    block.y = kEmbeddingThreads / block.x;
    grid = ebb::cuda::grid_for(context, packs_per_row == 0 ? 0 : rows, block.y);
  }

  dim3 block = 1;
  unsigned grid;
};

/// Calls body.operator()<kPack>() with as many elements as a 128-bit access moves where all
/// pointers and rows allow it, else with 1.
template <class T, class Body, class... Pointers>
void with_row_packs(std::int64_t dim, const RowOffsets& rows, Body&& body,
                    const Pointers*... pointers) {
  constexpr int kPack = ebb::cuda::kPackOf<T>;
  if (dim % kPack == 0 && rows.multiples_of(kPack) && ebb::cuda::aligned_to(16, pointers...)) {
    body.template operator()<kPack>();
  } else {
    body.template operator()<1>();
  }
}

}  // namespace ebb::kernels::cuda
