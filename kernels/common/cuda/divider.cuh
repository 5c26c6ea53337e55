// Division by a number that is known before a kernel starts, as one multiplication and one shift.
#pragma once

#include <bit>
#include <cstdint>

namespace ebb::cuda {

/// n / divisor for n and divisor below 2^31.
///
/// With s = ceil(log2 divisor) and m = ceil(2^(31+s) / divisor), which fits 32 bits, n m exceeds
/// n 2^(31+s) / divisor by less than 2^(31+s) / divisor. (Granlund, Montgomery, "Division by
/// invariant integers using multiplication", PLDI 1994.)
class Divider {
 public:
  Divider() = default;
  explicit Divider(std::uint32_t divisor)
      : divisor_(divisor), shift_(31u + static_cast<std::uint32_t>(std::bit_width(divisor - 1))) {
    multiplier_ =
        static_cast<std::uint32_t>(((std::uint64_t{1} << shift_) + divisor - 1) / divisor);
  }

  __device__ std::uint32_t quotient(std::uint32_t n) const {
    return static_cast<std::uint32_t>((std::uint64_t{n} * multiplier_) >> shift_);
  }
  /// What is left of n after quotient(n) = `quotient`.
  __device__ std::uint32_t remainder(std::uint32_t n, std::uint32_t quotient) const {
    return n - quotient * divisor_;
  }

 private:
  std::uint32_t divisor_ = 1;
  std::uint32_t shift_ = 31;
  std::uint32_t multiplier_ = std::uint32_t{1} << 31;
};

}  // namespace ebb::cuda
