// Seeded random orders and samples whose every bit is defined here, not by a standard library.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ebb::preprocessing {

/// SplitMix64 (Steele, Lea and Flood 2014): state += 0x9E3779B97F4A7C15; the output is the state
/// after two rounds of xor-shift and multiply. `stream` starts an independent sequence of one seed.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(seed ^ mix(stream * kIncrement)) {}

  std::uint64_t next() { return mix(state_ += kIncrement); }

  /// An unbiased whole number in [0, bound), bound > 0: the high part of a 128-bit product,
  /// rejected where it would favour some numbers (Lemire 2019).
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    for (;;) {
      __extension__ using Wide = unsigned __int128;
      const Wide product = static_cast<Wide>(next()) * bound;
      if (static_cast<std::uint64_t>(product) >= threshold) {
        return static_cast<std::uint64_t>(product >> 64);
      }
    }
  }

 private:
  static constexpr std::uint64_t kIncrement = 0x9E3779B97F4A7C15;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

/// Fisher and Yates's shuffle from the last element down.
template <class T>
void shuffle(std::span<T> values, SplitMix64& generator) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[generator.below(i)]);
  }
}

/// The ascending `rows`, or `most` of them where there are more, ascending.
inline std::vector<std::size_t> draw_rows(std::vector<std::size_t> rows, std::size_t most,
                                          SplitMix64 generator) {
  if (rows.size() <= most) return rows;
  for (std::size_t i = 0; i < most; ++i)
    std::swap(rows[i], rows[i + generator.below(rows.size() - i)]);
  rows.resize(most);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace ebb::preprocessing
