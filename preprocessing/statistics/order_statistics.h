// Order statistics without sorting.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// The `rank`-th smallest (from 0) of the values that are not NaN; `rank` is below their number.
/// Cost: one pass that counts by the 16 highest bits, one that collects the values which share
/// those of the wanted one, and a partial sort of these. -0 counts as 0.
double order_statistic(std::span<const double> values, std::size_t rank);

/// The median of the values that are not NaN, of which there must be one; of an even number the
/// mean of the middle two, as quantile(sorted, 0.5) computes it.
double median_of(std::span<const double> values);

/// The rows of a sample of at most `most` >= 1 of them, ascending: one of every so many rows on
/// end, drawn by their place alone, so that it does not matter whether the rows have a period. All
/// where there are no more.
std::vector<std::size_t> sampled_rows(std::size_t rows, std::size_t most);

/// The values of those rows, ascending, without NaN; 0 for -0.
std::vector<double> sorted_sample(std::span<const double> values, std::size_t most);

}  // namespace ebb::preprocessing
