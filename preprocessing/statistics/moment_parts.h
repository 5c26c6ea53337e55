// What moments are put together from, on every device: sums over blocks of kBlockRows rows, merged
// in one order.
#pragma once

#include <cstddef>
#include <span>

#include "preprocessing/statistics/block_sums.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing {

/// Adds the sums over the rows that follow those of `into`.
void merge(BlockMoments& into, const BlockMoments& next);

/// The sums of `blocks`, which follow each other: of each range of kRangeRows rows, then of the
/// ranges.
BlockMoments merge_blocks(std::span<const BlockMoments> blocks);

/// Whether sums of cubes are too large, or so small that bits were lost.
bool is_out_of_range(const BlockMoments& sums);

/// The power of two that brings `largest` >= 0 into [1/2, 1); 1 for 0 and infinity.
double unit_scale(double largest);

/// The moments of `rows` rows from their sums, taken of value * scale - origin * scale.
Moments moments_from(const BlockMoments& sums, std::size_t rows, double origin, double scale);

}  // namespace ebb::preprocessing
