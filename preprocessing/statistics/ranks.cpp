#include "preprocessing/statistics/ranks.h"

#include <array>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kBuckets = std::size_t{1} << kDigitBits;
constexpr std::size_t kDigits = 6;  // of 11 bits cover 64

std::size_t digit_of(std::uint64_t key, std::size_t digit) {
  return (key >> (digit * kDigitBits)) & (kBuckets - 1);
}

/// Calls body(begin, end) for each run of equal keys.
template <class Body>
void for_each_tie(const std::vector<KeyedRow>& rows, Body body) {
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin + 1;
    while (end < rows.size() && rows[end].key == rows[begin].key) ++end;
    body(begin, end);
    begin = end;
  }
}

}  // namespace

void sort_by_key(std::vector<KeyedRow>& rows, std::vector<KeyedRow>& scratch) {
  using Counts = std::array<std::uint32_t, kBuckets>;
  std::vector<Counts> counts(kDigits, Counts{});
  for (const KeyedRow& row : rows) {
    for (std::size_t digit = 0; digit < kDigits; ++digit) ++counts[digit][digit_of(row.key, digit)];
  }
  scratch.resize(rows.size());
  for (std::size_t digit = 0; digit < kDigits; ++digit) {
    Counts& places = counts[digit];
    if (rows.empty() || places[digit_of(rows.front().key, digit)] == rows.size()) continue;
    std::uint32_t sum = 0;
    for (std::uint32_t& place : places) {
      const std::uint32_t count = place;
      place = sum;
      sum += count;
    }
    for (const KeyedRow& row : rows) scratch[places[digit_of(row.key, digit)]++] = row;
    rows.swap(scratch);
  }
}

std::vector<KeyedRow> sorted_rows(std::span<const double> values) {
  if (values.size() > std::numeric_limits<std::uint32_t>::max()) {
    fail("sorted_rows: {} rows are more than 2^32", values.size());
  }
  std::vector<KeyedRow> rows;
  rows.reserve(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) continue;
    rows.push_back({ordered_key(values[row]), static_cast<std::uint32_t>(row)});
  }
  std::vector<KeyedRow> scratch;
  sort_by_key(rows, scratch);
  return rows;
}

std::vector<double> mid_ranks(std::span<const double> values) {
  const std::vector<KeyedRow> rows = sorted_rows(values);
  std::vector<double> ranks(values.size(), std::numeric_limits<double>::quiet_NaN());
  for_each_tie(rows, [&](std::size_t begin, std::size_t end) {
    const double rank = 0.5 * (static_cast<double>(begin + 1) + static_cast<double>(end));
    for (std::size_t i = begin; i < end; ++i) ranks[rows[i].row] = rank;
  });
  return ranks;
}

double area_under_curve(std::span<const double> values, std::span<const float> labels) {
  double below = 0.0;  // negative rows of lesser values
  double positives = 0.0;
  double pairs = 0.0;  // in which the positive is above, ties half
  const std::vector<KeyedRow> rows = sorted_rows(values);
  for_each_tie(rows, [&](std::size_t begin, std::size_t end) {
    double tied = 0.0;
    for (std::size_t i = begin; i < end; ++i) tied += labels[rows[i].row] == 1.0F ? 1.0 : 0.0;
    const double negatives = static_cast<double>(end - begin) - tied;
    pairs += tied * (below + 0.5 * negatives);
    positives += tied;
    below += negatives;
  });
  return pairs / (positives * below);  // 0 / 0 is NaN
}

}  // namespace ebb::preprocessing
