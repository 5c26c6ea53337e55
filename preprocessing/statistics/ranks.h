// Order and ranks of a column of numbers, by a radix sort: linear cost, and stable.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// A row with what it is sorted by.
struct KeyedRow {
  std::uint64_t key = 0;
  std::uint32_t row = 0;
};

/// Sorts by ascending key, equal keys by the order in which they come. `scratch` is resized; up to
/// six passes of 11 bits, fewer where keys agree in a digit.
void sort_by_key(std::vector<KeyedRow>& rows, std::vector<KeyedRow>& scratch);

/// Maps a number that is not NaN to a key of the same order, -0 and 0 to one.
constexpr std::uint64_t ordered_key(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value == 0.0 ? 0.0 : value);
  const std::uint64_t sign = std::uint64_t{1} << 63;
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

/// The number of a key.
constexpr double number_of_key(std::uint64_t key) {
  const std::uint64_t sign = std::uint64_t{1} << 63;
  return std::bit_cast<double>((key & sign) != 0 ? key ^ sign : ~key);
}

/// The rows that have a value, by ascending value; equal values by row. Throws Error on more than
/// 2^32 rows.
std::vector<KeyedRow> sorted_rows(std::span<const double> values);

/// The rank of each value, from 1, equal values sharing the mean of theirs (scipy's rankdata); NaN
/// where missing.
std::vector<double> mid_ranks(std::span<const double> values);

/// The area under the ROC curve of a column as a score for the label (0 or 1 per row), over the
/// rows that have a value: the chance that a positive row's value is above a negative one's, ties
/// counting half (Mann and Whitney). NaN unless both classes have a value.
double area_under_curve(std::span<const double> values, std::span<const float> labels);

}  // namespace ebb::preprocessing
