// 64 bits for a cell, the same for cells that count as equal: missing equals missing, -0 equals 0.
#pragma once

#include <bit>
#include <cstdint>

namespace ebb::preprocessing {

constexpr std::uint64_t cell_bits(double value) {
  if (value != value) return ~std::uint64_t{0};
  return value == 0.0 ? 0 : std::bit_cast<std::uint64_t>(value);
}
constexpr std::uint64_t cell_bits(std::int64_t integer) {
  return static_cast<std::uint64_t>(integer);
}
constexpr std::uint64_t cell_bits(std::int32_t code) {
  return std::uint64_t{static_cast<std::uint32_t>(code)};
}

}  // namespace ebb::preprocessing
