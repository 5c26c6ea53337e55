// Numbers of up to eight characters without an exponent, which most are, eight digits at a time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace ebb::preprocessing {

/// Bytes that must be readable from where a number of any length begins.
inline constexpr std::size_t kNumberPadding = 9;

/// The number that text[0, length) spells if it is [-]digits[.digits] of at most eight characters
/// behind the sign, equal to the bit to parse_number; empty for everything else, numbers or not.
/// Reads kNumberPadding bytes. A whole number below 10^8 over a power of ten up to 10^7 is
/// correctly rounded by one division (Clinger, "How to read floating point numbers accurately",
/// 1990).
inline std::optional<double> parse_short_number(const char* text, std::size_t length) {
  static constexpr std::array<double, 8> kPowersOfTen = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kZeros = '0' * kOnes;
  constexpr std::uint64_t kHighBits = 0x80 * kOnes;
  const bool is_negative = length > 0 && text[0] == '-';
  text += is_negative ? 1 : 0;
  length -= is_negative ? 1 : 0;
  if (length == 0 || length > 8) return std::nullopt;

  // The last character in the highest byte, zeros in front of the first.
  std::uint64_t digits = 0;
  std::memcpy(&digits, text, sizeof(digits));
  const auto free_bits = static_cast<unsigned>(8 * (8 - length));
  if (free_bits > 0) digits = (digits << free_bits) | (kZeros >> (64 - free_bits));

  const std::uint64_t against_points = digits ^ ('.' * kOnes);
  const std::uint64_t points = (against_points - kOnes) & ~against_points & kHighBits;
  std::size_t decimals = 0;
  if (points != 0) {
    // Exact for the lowest point; a second one is found among the digits below.
    const auto position = static_cast<unsigned>(std::countr_zero(points)) / 8;
    decimals = 7 - position;
    if (length == 1) return std::nullopt;
    const std::uint64_t below = (std::uint64_t{1} << (8 * position)) - 1;
    const std::uint64_t above = position == 7 ? 0 : ~std::uint64_t{0} << (8 * (position + 1));
    digits = (digits & above) | ((digits & below) << 8) | '0';
  }
  // Bytes are digits if the high halves are 3 and stay so when 6 is added.
  constexpr std::uint64_t kHighHalves = 0xF0 * kOnes;
  const std::uint64_t carried = ((digits + 6 * kOnes) & kHighHalves) >> 4;
  if (((digits & kHighHalves) | carried) != 0x33 * kOnes) return std::nullopt;
  // Pairs of digits, then of pairs, then of fours.
  digits -= kZeros;
  digits = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FF;
  digits = (digits * 100 + (digits >> 16)) & 0x0000FFFF0000FFFF;
  digits = (digits * 10000 + (digits >> 32)) & 0x00000000FFFFFFFF;
  const double value = static_cast<double>(digits) / kPowersOfTen[decimals];
  return is_negative ? -value : value;
}

}  // namespace ebb::preprocessing
