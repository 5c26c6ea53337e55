// A matrix product as the CUDA kernels see it: layouts are named, batches are lists of strides.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/common/blocks.h"
#include "kernels/matrix_product/matrix_product.h"

namespace ebb::kernels::gemm {

/// The most dimensions that number the pairs of a batch.
inline constexpr int kMaxBatchRank = kMaxRank - 2;

/// The pairs of a batch: extents of its dimensions, outermost first, padded with ones.
struct Batch {
  std::int64_t extents[kMaxBatchRank] = {1, 1, 1, 1};

  std::int64_t size() const {
    std::int64_t count = 1;
    for (const std::int64_t extent : extents) count *= extent;
    return count;
  }
  /// The offset of pair `index`, in elements, where the dimensions have these strides.
  constexpr std::int64_t offset(std::int64_t index,
                                const std::int64_t (&strides)[kMaxBatchRank]) const {
    std::int64_t sum = 0;
    for (int i = kMaxBatchRank - 1; i >= 0; --i) {
      if (extents[i] == 1) continue;
      sum += index % extents[i] * strides[i];
      index /= extents[i];
    }
    return sum;
  }
};

/// One factor: a is [m, k], b is [k, n]. Its lines are the runs of neighbouring elements.
struct Operand {
  const void* data = nullptr;
  DType dtype = DType::f32;
  bool lines_along_k = true;  // else along m or n
  std::int64_t leading = 0;   // elements from one line to the next
  std::int64_t batch_strides[kMaxBatchRank] = {};
};

/// The product, a row-major [m, n].
struct Output {
  void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t leading = 0;
  std::int64_t batch_strides[kMaxBatchRank] = {};
  bool accumulate = false;
};

struct Problem {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  Batch batch;
  Operand a;
  Operand b;
  Output output;
};

/// Of operands that matrix_product() has checked; `output` may have another dtype than a and b.
Problem problem_of(const ConstView& a, const ConstView& b, const View& output, bool accumulate);

/// Whether every line begins at a multiple of `bytes`.
bool lines_aligned(const Operand& operand, const Batch& batch, std::int64_t bytes);
bool lines_aligned(const Output& output, const Batch& batch, std::int64_t bytes);

/// Into how many parts k is divided, and how long they are: few tiles of the output with a long k
/// (gradients of weights) would leave most of a GPU idle. By the shape alone, since it decides the
/// order of sums.
struct Split {
  std::int64_t parts = 1;
  std::int64_t length = 0;
};

inline Split split_of(const Problem& p) {
  constexpr std::int64_t kTile = 64;           // rows and columns of the tiles counted
  constexpr std::int64_t kEnoughTiles = 128;   // that need no division
  constexpr std::int64_t kWantedBlocks = 256;  // two for each multiprocessor of a large GPU
  constexpr std::int64_t kShortest = 256;
  constexpr std::int64_t kStep = 64;  // a multiple of every kernel's step along k
  const std::int64_t tiles = blocks_of(p.m, kTile) * blocks_of(p.n, kTile) * p.batch.size();
  if (tiles == 0 || tiles >= kEnoughTiles || p.k < 2 * kShortest) return {1, p.k};
  const std::int64_t parts = std::min(kWantedBlocks / tiles, p.k / kShortest);
  const std::int64_t length = blocks_of(blocks_of(p.k, parts), kStep) * kStep;
  return {blocks_of(p.k, length), length};
}

/// Whether the output has so many tiles of 128 x 128 that they fill a large GPU, without wasting
/// much beyond its edges. Else tiles are 64 x 64.
inline bool fits_large_tiles(const Problem& p) {
  constexpr std::int64_t kEnough = 128;
  const auto covered = [&](std::int64_t tile) {
    return blocks_of(p.m, tile) * tile * blocks_of(p.n, tile) * tile;
  };
  const std::int64_t tiles = covered(128) / (128 * 128) * p.batch.size();
  return tiles >= kEnough && 8 * covered(128) <= 9 * covered(64);
}

/// Bytes of scratch memory that our kernels need: the parts' sums, [parts, pairs, m, n] in f32.
inline std::size_t workspace_bytes(const Problem& p) {
  const Split split = split_of(p);
  if (split.parts == 1) return 0;
  return static_cast<std::size_t>(split.parts * p.batch.size() * p.m * p.n) * sizeof(float);
}

}  // namespace ebb::kernels::gemm
