#include "preprocessing/statistics/moments.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/moment_parts.h"

namespace ebb::preprocessing {

void merge(BlockMoments& into, const BlockMoments& next) {
  if (next.count == 0.0) return;
  if (into.count == 0.0) {
    into = next;
    return;
  }
  const double count = into.count + next.count;
  const double gap = next.mean - into.mean;
  const double share = next.count / count;
  const double both = into.count * share;  // n m / (n + m)
  into.cubes += next.cubes + gap * gap * gap * both * (into.count - next.count) / count +
                3.0 * gap * (into.count / count * next.squares - share * into.squares);
  into.squares += next.squares + gap * gap * both;
  into.mean += gap * share;
  into.count = count;
  into.minimum = std::min(into.minimum, next.minimum);
  into.maximum = std::max(into.maximum, next.maximum);
}

BlockMoments merge_blocks(std::span<const BlockMoments> blocks) {
  constexpr std::size_t kBlocks = kRangeRows / kBlockRows;
  BlockMoments sums;
  for (std::size_t first = 0; first < blocks.size(); first += kBlocks) {
    BlockMoments range;
    for (const BlockMoments& block :
         blocks.subspan(first, std::min(kBlocks, blocks.size() - first))) {
      merge(range, block);
    }
    merge(sums, range);
  }
  return sums;
}

namespace {

BlockMoments sums_of(std::span<const double> values, double origin, double scale) {
  std::vector<BlockMoments> blocks((values.size() + kBlockRows - 1) / kBlockRows);
  parallel_ranges(values.size(), 1, kRangeRows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; row += kBlockRows) {
      const std::size_t count = std::min(kBlockRows, end - row);
      blocks[row / kBlockRows] = block_moments(values.data() + row, count, origin, scale);
    }
  });
  return merge_blocks(blocks);
}

double first_value(std::span<const double> values) {
  for (const double value : values) {
    if (!std::isnan(value)) return value;
  }
  return 0.0;
}

}  // namespace

bool is_out_of_range(const BlockMoments& sums) {
  constexpr double kLeast = 1e-150;
  return !std::isfinite(sums.mean) || !std::isfinite(sums.squares) || !std::isfinite(sums.cubes) ||
         (sums.minimum < sums.maximum && sums.squares < kLeast);
}

double Moments::variance(bool sample) const {
  if (!sample) return deviation * deviation;
  if (count < 2) return 0.0;
  const auto n = static_cast<double>(count);
  return deviation * deviation * (n / (n - 1.0));
}

double unit_scale(std::span<const double> values) {
  double largest = 0.0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return unit_scale(largest);
}

double unit_scale(double largest) {
  if (largest == 0.0 || !std::isfinite(largest)) return 1.0;
  int exponent = 0;
  std::frexp(largest, &exponent);
  // 2^1023 is the largest power: denormals reach 2^-51 at least, far enough from underflow.
  return std::ldexp(1.0, std::min(-exponent, 1023));
}

Moments moments_of(std::span<const double> values) {
  const double origin = first_value(values);
  double scale = 1.0;
  BlockMoments sums = sums_of(values, origin, scale);
  if (is_out_of_range(sums)) {
    scale = unit_scale(values);
    sums = sums_of(values, origin * scale, scale);
  }
  return moments_from(sums, values.size(), origin, scale);
}

Moments moments_from(const BlockMoments& sums, std::size_t rows, double origin, double scale) {
  Moments moments;
  moments.count = static_cast<std::size_t>(sums.count);
  moments.missing = rows - moments.count;
  if (moments.count == 0) return moments;
  moments.minimum = sums.minimum;
  moments.maximum = sums.maximum;
  moments.mean = std::clamp((origin * scale + sums.mean) / scale, sums.minimum, sums.maximum);
  if (moments.is_constant()) return moments;
  const double deviation = std::sqrt(sums.squares / sums.count);
  moments.deviation = deviation / scale;
  moments.skewness = sums.cubes / sums.count / (deviation * deviation * deviation);
  return moments;
}

}  // namespace ebb::preprocessing
