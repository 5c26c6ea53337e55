// Matrix products whose sums stay in registers: elements of A are broadcast against vectors of B,
// which lie in the first-level cache. Attention and the linear layer are made of them on the CPU.
// Each sum goes over the depth in order, whatever the number of rows.
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_TILE_PRODUCT_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_TILE_PRODUCT_H_
#undef EBB_TILE_PRODUCT_H_
#else
#define EBB_TILE_PRODUCT_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;
inline constexpr std::int64_t kLanes = HWY_LANES(float);

// Vectors of sums that fit the registers: 32 with AVX-512, 16 else, of which SSE4, without fused
// multiply-adds, needs one more.
inline constexpr int kMostSums = HWY_TARGET <= HWY_AVX3 ? 24 : HWY_TARGET <= HWY_AVX2 ? 12 : 8;
// Rows whose addresses follow from one pointer and three multiples of their stride: more would
// leave no registers for them.
inline constexpr int kGroupRows = 6;

/// C[r] (+)= sum over i < depth of A[r, i] * B[i], where B and C have rows of vectors and A is read
/// element by element.
struct Product {
  const float* a;
  std::int64_t a_stride;  // between rows of A, or, for A transposed, between its columns
  const float* b;
  std::int64_t b_stride;
  float* c;
  std::int64_t c_stride;
  std::int64_t depth;
  bool accumulate;
  // For causal products, whose i is a key: lanes before column[i] - shift do not see it.
  const std::int32_t* column = nullptr;
  std::int64_t shift = 0;
};

// Keys on the causal diagonal of a tile are seen by some of its lanes only.
enum class Causality { none, diagonal };

/// Lanes that see a key whose first query is lane `first` of the tile; `vector` of its kVectors.
HWY_INLINE hn::Mask<Lanes> lanes_from(std::int64_t first, int vector) {
  const Lanes d;
  const auto lane = hn::Iota(d, static_cast<float>(vector * kLanes));
  return hn::Ge(lane, hn::Set(d, static_cast<float>(first)));
}

template <int kRows, int kVectors, bool kTransposed, Causality kCausality>
HWY_INLINE void product_block(const Product& p, std::int64_t row) {
  const Lanes d;
  const std::int64_t row_step = kTransposed ? 1 : p.a_stride;
  const std::int64_t depth_step = kTransposed ? p.a_stride : 1;
  constexpr int kGroups = (kRows + kGroupRows - 1) / kGroupRows;
  const float* HWY_RESTRICT a[kGroups];
  for (int g = 0; g < kGroups; ++g) a[g] = p.a + (row + g * kGroupRows) * row_step;
  const float* HWY_RESTRICT b = p.b;
  float* HWY_RESTRICT c = p.c + row * p.c_stride;
  // Copies: a vector's store might change what p refers to, for all that the compiler knows.
  const std::int64_t b_stride = p.b_stride;
  const std::int64_t c_stride = p.c_stride;
  const std::int64_t depth = p.depth;
  // Without the pragmas GCC 12 keeps some of these sums in memory.
  Vector sum[kRows][kVectors];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = p.accumulate ? hn::LoadU(d, c + r * c_stride + v * kLanes) : hn::Zero(d);
    }
  }
  for (std::int64_t i = 0; i < depth; ++i) {
    Vector from[kVectors];
    hn::Mask<Lanes> sees[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      from[v] = hn::LoadU(d, b + v * kLanes);
      if (kCausality == Causality::diagonal) sees[v] = lanes_from(p.column[i] - p.shift, v);
    }
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const Vector factor = hn::Set(d, a[r / kGroupRows][r % kGroupRows * row_step]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const Vector next = hn::MulAdd(factor, from[v], sum[r][v]);
        sum[r][v] = kCausality == Causality::none ? next : hn::IfThenElse(sees[v], next, sum[r][v]);
      }
    }
    for (int g = 0; g < kGroups; ++g) a[g] += depth_step;
    b += b_stride;
  }
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(sum[r][v], d, c + r * c_stride + v * kLanes);
    }
  }
}

/// Rows [row, rows) of the product in blocks of kRows, then in smaller ones.
template <int kRows, int kVectors, bool kTransposed, Causality kCausality>
HWY_INLINE void multiply_rows(const Product& p, std::int64_t row, std::int64_t rows) {
  for (; row + kRows <= rows; row += kRows) {
    product_block<kRows, kVectors, kTransposed, kCausality>(p, row);
  }
  constexpr int kFewer = kRows > 8 ? kRows - 4 : kRows > 4 ? 4 : kRows / 2;
  if constexpr (kFewer > 0) multiply_rows<kFewer, kVectors, kTransposed, kCausality>(p, row, rows);
}

/// The product for `rows` rows of C, each of kVectors vectors. kTransposed: A[r, i] lies at
/// i * a_stride + r, else at r * a_stride + i.
template <int kVectors, bool kTransposed, Causality kCausality = Causality::none>
void multiply(const Product& p, std::int64_t rows) {
  constexpr int kMostRows = kMostSums / std::max(kVectors, 2);
  multiply_rows<kMostRows, kVectors, kTransposed, kCausality>(p, 0, rows);
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_TILE_PRODUCT_H_
