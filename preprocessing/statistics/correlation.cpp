#include "preprocessing/statistics/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/block_sums.h"
#include "preprocessing/statistics/moments.h"
#include "preprocessing/statistics/ranks.h"

namespace ebb::preprocessing {
namespace {

/// A column whose values count from its first one, so that a constant column is all zeros.
struct Shifted {
  Numbers values;
  double origin = 0.0;
};

Shifted shifted(Numbers values) {
  for (const double value : values) {
    if (!std::isnan(value)) return {values, value};
  }
  return {values, 0.0};
}

void add_sums(PairSums& into, const PairSums& next) {
  if (next.count == 0.0) return;
  if (into.count == 0.0) {
    into = next;
    return;
  }
  const double count = into.count + next.count;
  const double share = next.count / count;
  const double both = into.count * share;
  const double gap_x = next.mean_x - into.mean_x;
  const double gap_y = next.mean_y - into.mean_y;
  into.squares_x += next.squares_x + gap_x * gap_x * both;
  into.squares_y += next.squares_y + gap_y * gap_y * both;
  into.products += next.products + gap_x * gap_y * both;
  into.mean_x += gap_x * share;
  into.mean_y += gap_y * share;
  into.count = count;
}

/// Pearson's r, within [-1, 1]; NaN where it is not defined.
double coefficient(const PairSums& sums) {
  if (sums.count < 2.0 || sums.squares_x == 0.0 || sums.squares_y == 0.0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::clamp(sums.products / std::sqrt(sums.squares_x) / std::sqrt(sums.squares_y), -1.0,
                    1.0);
}

/// Which columns go together.
struct Pair {
  std::size_t x;
  std::size_t y;
};

/// Whether bits were lost: squares overflowed, or are small beside what underflows, or beside the
/// rounding of the distance from a first value that is in no pair.
bool sums_overflowed(const PairSums& sums) {
  constexpr double kLeast = 1e-150;
  constexpr double kRounding = 1e-12;
  const auto is_tiny = [&](double squares, double mean) {
    const double lost = kRounding * mean;
    return squares < kLeast || squares <= sums.count * lost * lost;
  };
  return !std::isfinite(sums.squares_x + sums.squares_y + sums.products) ||
         is_tiny(sums.squares_x, sums.mean_x) || is_tiny(sums.squares_y, sums.mean_y);
}

/// The sums of each pair of columns, all of one length.
std::vector<PairSums> pair_sums_of(std::span<const Shifted> columns, std::span<const Pair> pairs) {
  if (pairs.empty()) return {};
  const std::size_t rows = columns.front().values.size();
  for (const Shifted& column : columns) {
    if (column.values.size() != rows) {
      fail("correlation: columns of {} and {} rows", rows, column.values.size());
    }
  }
  std::vector<PairSums> ranges((rows + kRangeRows - 1) / kRangeRows * pairs.size());
  parallel_ranges(rows, pairs.size(), kRangeRows, [&](std::size_t begin, std::size_t end) {
    PairSums* const range = &ranges[begin / kRangeRows * pairs.size()];
    for (std::size_t row = begin; row < end; row += kBlockRows) {
      const std::size_t stop = std::min(end, row + kBlockRows);
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        const Shifted& x = columns[pairs[i].x];
        const Shifted& y = columns[pairs[i].y];
        add_sums(range[i], block_pair_sums(x.values.data() + row, y.values.data() + row, stop - row,
                                           x.origin, y.origin));
      }
    }
  });
  std::vector<PairSums> sums(pairs.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) add_sums(sums[i % pairs.size()], ranges[i]);
  return sums;
}

/// Copies in which a row that lacks one of the two values lacks both.
struct PairedCopies {
  std::vector<double> x;
  std::vector<double> y;
};

PairedCopies paired_copies(Numbers x, Numbers y) {
  PairedCopies copies{{x.begin(), x.end()}, {y.begin(), y.end()}};
  for (std::size_t row = 0; row < x.size(); ++row) {
    if (std::isnan(x[row])) copies.y[row] = x[row];
    if (std::isnan(y[row])) copies.x[row] = y[row];
  }
  return copies;
}

void bring_to_unit_scale(std::vector<double>& values) {
  const double scale = unit_scale(values);
  for (double& value : values) value *= scale;
}

double correlation_of_scaled(Numbers x, Numbers y) {
  PairedCopies copies = paired_copies(x, y);
  bring_to_unit_scale(copies.x);
  bring_to_unit_scale(copies.y);
  const Shifted columns[] = {shifted(copies.x), shifted(copies.y)};
  const Pair pair[] = {{0, 1}};
  return coefficient(pair_sums_of(columns, pair).front());
}

std::vector<double> correlations(std::span<const Numbers> columns, std::span<const Pair> pairs) {
  std::vector<Shifted> all;
  for (const Numbers values : columns) all.push_back(shifted(values));
  std::vector<double> results;
  const std::vector<PairSums> sums = pair_sums_of(all, pairs);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const bool is_rescaled = sums[i].count >= 2.0 && sums_overflowed(sums[i]);
    results.push_back(is_rescaled ? correlation_of_scaled(columns[pairs[i].x], columns[pairs[i].y])
                                  : coefficient(sums[i]));
  }
  return results;
}

std::vector<Pair> all_pairs(std::size_t columns) {
  std::vector<Pair> pairs;
  for (std::size_t x = 0; x < columns; ++x) {
    for (std::size_t y = x; y < columns; ++y) pairs.push_back({x, y});
  }
  return pairs;
}

SymmetricMatrix matrix_of(std::size_t size, const std::vector<double>& upper) {
  SymmetricMatrix matrix{size, std::vector<double>(size * size)};
  std::size_t i = 0;
  for (const Pair& pair : all_pairs(size)) {
    matrix.values[pair.x * size + pair.y] = upper[i];
    matrix.values[pair.y * size + pair.x] = upper[i];
    ++i;
  }
  return matrix;
}

}  // namespace

std::vector<double> correlations_with(std::span<const Numbers> columns, Numbers target) {
  std::vector<Numbers> all(columns.begin(), columns.end());
  all.push_back(target);
  std::vector<Pair> pairs;
  for (std::size_t x = 0; x < columns.size(); ++x) pairs.push_back({x, columns.size()});
  return correlations(all, pairs);
}

SymmetricMatrix correlation_matrix(std::span<const Numbers> columns) {
  return matrix_of(columns.size(), correlations(columns, all_pairs(columns.size())));
}

SymmetricMatrix covariance_matrix(std::span<const Numbers> columns) {
  std::vector<Shifted> all;
  for (const Numbers values : columns) all.push_back(shifted(values));
  std::vector<double> upper;
  for (const PairSums& sums : pair_sums_of(all, all_pairs(columns.size()))) {
    if (sums.count != static_cast<double>(columns.front().size())) {
      fail("covariance_matrix: values are missing");
    }
    upper.push_back(sums.count < 2.0 ? 0.0 : sums.products / (sums.count - 1.0));
  }
  return matrix_of(columns.size(), upper);
}

double spearman(Numbers x, Numbers y) {
  if (x.size() != y.size()) fail("spearman: columns of {} and {} rows", x.size(), y.size());
  const PairedCopies copies = paired_copies(x, y);
  const std::vector<double> ranks_x = mid_ranks(copies.x);
  const std::vector<double> ranks_y = mid_ranks(copies.y);
  const Numbers columns[] = {ranks_x};
  return correlations_with(columns, ranks_y).front();
}

}  // namespace ebb::preprocessing
