// Points that fill the unit cube evenly, however many of them are taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ebb::churn {

/// Sobol's sequence with the direction numbers of Joe and Kuo (2008) from Boost, each coordinate
/// shifted bit by bit by a random number of its own (a digital shift, which keeps the evenness;
/// L'Ecuyer and Lemieux 2002). The point of number 0 is the shift itself.
class SobolSequence {
 public:
  /// 1 to 3,667 dimensions; Error for others. Without a seed nothing is shifted.
  explicit SobolSequence(std::size_t dimensions, std::optional<std::uint64_t> seed = {});

  /// The point of a number below 2^32, each coordinate in [0, 1), in steps of 2^-32.
  [[nodiscard]] std::vector<double> point(std::uint64_t number) const;

 private:
  std::size_t dimensions_;
  std::vector<std::uint32_t> shift_;
};

}  // namespace ebb::churn
