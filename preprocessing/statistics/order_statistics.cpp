#include "preprocessing/statistics/order_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/quantiles.h"
#include "preprocessing/statistics/ranks.h"

namespace ebb::preprocessing {
namespace {

constexpr int kPrefixBits = 16;
constexpr std::size_t kPrefixes = std::size_t{1} << kPrefixBits;

std::size_t prefix_of(double value) {
  return static_cast<std::size_t>(ordered_key(value) >> (64 - kPrefixBits));
}

/// How many of the values that are not NaN have each prefix.
std::vector<std::size_t> count_prefixes(std::span<const double> values) {
  std::vector<std::size_t> counts(kPrefixes);
  for (const double value : values) {
    // Without a branch: a NaN adds nothing.
    counts[prefix_of(value)] += std::isnan(value) ? 0 : 1;
  }
  return counts;
}

/// A rank as a place among the keys of one prefix.
struct Place {
  std::size_t prefix = 0;
  std::size_t rank = 0;
};

Place place_of(const std::vector<std::size_t>& counts, std::size_t rank) {
  Place place{0, rank};
  while (place.prefix < kPrefixes && place.rank >= counts[place.prefix])
    place.rank -= counts[place.prefix++];
  if (place.prefix == kPrefixes) fail("order_statistic: there are not so many values");
  return place;
}

std::vector<std::uint64_t> keys_with(std::span<const double> values, std::size_t prefix,
                                     std::size_t count) {
  std::vector<std::uint64_t> keys;
  keys.reserve(count);
  for (const double value : values) {
    if (prefix_of(value) == prefix && !std::isnan(value)) keys.push_back(ordered_key(value));
  }
  return keys;
}

std::uint64_t select(std::vector<std::uint64_t>& keys, std::size_t rank) {
  const auto wanted = keys.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(keys.begin(), wanted, keys.end());
  return *wanted;
}

double select(std::span<const double> values, const std::vector<std::size_t>& counts,
              std::size_t rank) {
  const Place place = place_of(counts, rank);
  std::vector<std::uint64_t> keys = keys_with(values, place.prefix, counts[place.prefix]);
  return number_of_key(select(keys, place.rank));
}

/// The values of `rank` - 1 and `rank`, of rank > 0.
std::array<double, 2> select_two(std::span<const double> values,
                                 const std::vector<std::size_t>& counts, std::size_t rank) {
  const Place upper = place_of(counts, rank);
  if (upper.rank == 0) return {select(values, counts, rank - 1), select(values, counts, rank)};
  std::vector<std::uint64_t> keys = keys_with(values, upper.prefix, counts[upper.prefix]);
  const double above = number_of_key(select(keys, upper.rank));
  // Those before the upper one are no greater, in any order.
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(upper.rank);
  return {number_of_key(*std::max_element(keys.begin(), end)), above};
}

std::size_t sum_of(const std::vector<std::size_t>& counts) {
  std::size_t sum = 0;
  for (const std::size_t count : counts) sum += count;
  return sum;
}

/// A place below `count` < 2^32, drawn by `begin` alone.
std::size_t place_within(std::size_t begin, std::size_t count) {
  return static_cast<std::size_t>(((SplitMix64(begin).next() >> 32) * count) >> 32);
}

}  // namespace

double order_statistic(std::span<const double> values, std::size_t rank) {
  return select(values, count_prefixes(values), rank);
}

double median_of(std::span<const double> values) {
  const std::vector<std::size_t> counts = count_prefixes(values);
  const std::size_t count = sum_of(counts);
  if (count == 0) fail("median_of: every value is missing");
  if (count % 2 == 1) return select(values, counts, count / 2);
  return quantile(select_two(values, counts, count / 2), 0.5);
}

std::vector<std::size_t> sampled_rows(std::size_t rows, std::size_t most) {
  const std::size_t stride = (rows + most - 1) / most;
  std::vector<std::size_t> sampled;
  sampled.reserve(std::min(rows, most));
  for (std::size_t begin = 0; begin < rows; begin += stride) {
    const std::size_t row = begin + place_within(begin, stride);
    if (row < rows) sampled.push_back(row);
  }
  return sampled;
}

std::vector<double> sorted_sample(std::span<const double> values, std::size_t most) {
  std::vector<double> sample;
  sample.reserve(std::min(values.size(), most));
  for (const std::size_t row : sampled_rows(values.size(), most)) {
    if (!std::isnan(values[row])) sample.push_back(values[row] + 0.0);
  }
  std::ranges::sort(sample);
  return sample;
}

}  // namespace ebb::preprocessing
