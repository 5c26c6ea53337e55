// What the CUDA backend of column_moments provides; operands are checked already.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/common/context.h"
#include "preprocessing/statistics/block_sums.h"

namespace ebb::preprocessing::cuda {

/// A column whose sums are taken of value * scale - origin.
struct MomentColumn {
  const double* values = nullptr;  // of the device
  double origin = 0.0;
  double scale = 1.0;
};

/// The first value of each column that is not NaN, 0 where there is none.
std::vector<double> first_values(Context& context, std::span<const MomentColumn> columns,
                                 std::int64_t rows);

/// The sums over blocks of kBlockRows rows, the blocks of a column one after the other.
std::vector<BlockMoments> block_moments(Context& context, std::span<const MomentColumn> columns,
                                        std::int64_t rows);

}  // namespace ebb::preprocessing::cuda
