// Matrices of a few rows read and written by columns: transposition in registers.
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_VECTOR_COLUMNS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_VECTOR_COLUMNS_H_
#undef EBB_VECTOR_COLUMNS_H_
#else
#define EBB_VECTOR_COLUMNS_H_
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/common/tile_product.h"
#include "kernels/common/vector_loop.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Transposes each 4 x 4 block: lane 4b + j of output i is lane 4b + i of input j.
HWY_INLINE void transpose_blocks(Vector& v0, Vector& v1, Vector& v2, Vector& v3) {
  const Lanes d;
  const hn::Repartition<double, Lanes> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
  v0 = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  v1 = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  v2 = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  v3 = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

/// Block b of the result is columns [column, column + width) of rows[4 * b]; width is at most 4.
template <class D>
HWY_INLINE hn::Vec<D> load_blocks(D d, const float* const* rows, std::int64_t column,
                                  std::int64_t width) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    if (HWY_LIKELY(width == 4)) return hn::LoadU(d, rows[0] + column);
    return load_partial(d, rows[0] + column, width);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, load_blocks(half, rows + hn::MaxLanes(half), column, width),
                       load_blocks(half, rows, column, width));
  }
}

/// Calls emit(c, vector) for each column c of a matrix of 1 to kLanes rows. Lanes past the rows
/// repeat the last one; of up to four rows every block of four lanes has the same.
template <class Emit>
HWY_INLINE void for_columns(const float* data, std::int64_t stride, std::int64_t rows,
                            std::int64_t columns, Emit&& emit) {
  const Lanes d;
  const float* row[kLanes];
  for (std::int64_t r = 0; r < kLanes; ++r) {
    row[r] = data;
    if (r + 1 < rows) data += stride;
  }
  if (rows <= 4) {
    for (std::int64_t r = 4; r < kLanes; ++r) row[r] = row[r - 4];
  }
  for (std::int64_t c = 0; c < columns; c += 4) {
    const std::int64_t width = std::min<std::int64_t>(4, columns - c);
    const auto load = [&](int r) HWY_ATTR {
      if (rows <= 4 && width == 4) return hn::LoadDup128(d, row[r] + c);
      return load_blocks(d, row + r, c, width);
    };
    Vector v0 = load(0);
    Vector v1 = load(1);
    Vector v2 = load(2);
    Vector v3 = load(3);
    transpose_blocks(v0, v1, v2, v3);
    emit(c, v0);
    if (width > 1) emit(c + 1, v1);
    if (width > 2) emit(c + 2, v2);
    if (width > 3) emit(c + 3, v3);
  }
}

/// Stores block b of v at data + 4 * b * stride, for the blocks that begin before `rows`.
template <class D>
HWY_INLINE void store_blocks(D d, hn::Vec<D> v, float* data, std::int64_t stride, std::int64_t rows,
                             std::int64_t width) {
  if (rows <= 0) return;
  if constexpr (hn::MaxLanes(D()) == 4) {
    if (HWY_LIKELY(width == 4)) return hn::StoreU(v, d, data);
    store_partial(d, v, data, width);
  } else {
    const hn::Half<D> half;
    constexpr auto kHalf = static_cast<std::int64_t>(hn::MaxLanes(half));
    store_blocks(half, hn::LowerHalf(half, v), data, stride, rows, width);
    store_blocks(half, hn::UpperHalf(half, v), data + kHalf * stride, stride, rows - kHalf, width);
  }
}

/// The inverse of for_columns: writes a matrix of 1 to kLanes rows whose column c is fetch(c).
template <class Fetch>
HWY_INLINE void store_columns(float* data, std::int64_t stride, std::int64_t rows,
                              std::int64_t columns, Fetch&& fetch) {
  const Lanes d;
  for (std::int64_t c = 0; c < columns; c += 4) {
    const std::int64_t width = std::min<std::int64_t>(4, columns - c);
    Vector v0 = fetch(c);
    Vector v1 = width > 1 ? fetch(c + 1) : v0;
    Vector v2 = width > 2 ? fetch(c + 2) : v0;
    Vector v3 = width > 3 ? fetch(c + 3) : v0;
    transpose_blocks(v0, v1, v2, v3);
    store_blocks(d, v0, data + c, stride, rows, width);
    store_blocks(d, v1, data + c + stride, stride, rows - 1, width);
    store_blocks(d, v2, data + c + 2 * stride, stride, rows - 2, width);
    store_blocks(d, v3, data + c + 3 * stride, stride, rows - 3, width);
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_VECTOR_COLUMNS_H_
