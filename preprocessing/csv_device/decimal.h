// From decimal digits to the nearest f64, on a device too: the same bits as parse_number()
// (common/numbers.h), where an answer is given at all.
#pragma once

#include <bit>
#include <cstdint>

namespace ebb::preprocessing {

/// (-1)^is_negative mantissa 10^exponent, cut off behind 19 digits.
struct Decimal {
  std::uint64_t mantissa = 0;
  std::int64_t exponent = 0;
  bool is_negative = false;
  bool is_cut = false;    ///< digits other than zeros were cut off
  bool is_valid = false;  ///< the text spells a number
};

/// What a text is as a number.
struct ParsedNumber {
  enum class State : std::uint8_t {
    number,
    text,       ///< parse_number() gives nothing: no number, or beyond the largest f64
    undecided,  ///< a number that takes more digits to round than are kept here
  };
  double value = 0.0;
  State state = State::text;
};

/// Powers that are looked up, in memory that the caller can read.
struct PowerTable {
  static constexpr int kSmallest = -342;
  static constexpr int kLargest = 308;
  static constexpr int kExactTens = 23;

  /// Two words for each power of five from kSmallest on: its first 128 bits, the upper half first,
  /// cut off if positive and rounded up if negative.
  const std::uint64_t* fives = nullptr;
  const double* tens = nullptr;  ///< 10^0 to 10^22, which f64 holds exactly
};

/// Reads the digits of a number; the whole of [begin, end) must be one.
class DecimalReader {
 public:
  constexpr DecimalReader(const char* begin, const char* end) : at_(begin), end_(end) {}

  /// [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point.
  constexpr Decimal read() {
    if (at_ < end_ && (*at_ == '-' || *at_ == '+')) decimal_.is_negative = *at_++ == '-';
    bool has_digits = take_digits(0);
    if (at_ < end_ && *at_ == '.') {
      ++at_;
      has_digits |= take_digits(-1);
    }
    decimal_.is_valid = has_digits && take_exponent() && at_ == end_;
    return decimal_;
  }

 private:
  static constexpr int kDigits = 19;  // that 64 bits hold
  static constexpr std::int64_t kExponentLimit = 0x10000000;

  static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

  /// `step`: what a digit that is kept adds to the exponent; one that is cut off adds 1 more.
  constexpr bool take_digits(int step) {
    const char* const begin = at_;
    for (; at_ < end_ && is_digit(*at_); ++at_) {
      const int digit = *at_ - '0';
      if (kept_ == kDigits) {
        decimal_.is_cut |= digit != 0;
        decimal_.exponent += step + 1;
      } else {
        decimal_.mantissa = 10 * decimal_.mantissa + static_cast<std::uint64_t>(digit);
        decimal_.exponent += step;
        kept_ += decimal_.mantissa != 0 ? 1 : 0;
      }
    }
    return at_ > begin;
  }

  constexpr bool take_exponent() {
    if (at_ == end_ || (*at_ != 'e' && *at_ != 'E')) return true;
    ++at_;
    const bool is_negative = at_ < end_ && *at_ == '-';
    if (at_ < end_ && (*at_ == '-' || *at_ == '+')) ++at_;
    const char* const begin = at_;
    std::int64_t exponent = 0;
    for (; at_ < end_ && is_digit(*at_); ++at_) {
      if (exponent < kExponentLimit) exponent = 10 * exponent + (*at_ - '0');
    }
    decimal_.exponent += is_negative ? -exponent : exponent;
    return at_ > begin;
  }

  const char* at_;
  const char* end_;
  Decimal decimal_;
  int kept_ = 0;  // digits of the mantissa
};

/// The bits of the nearest f64 to w 10^q (ties to even) without a sign; w is not 0 and q within the
/// table. Infinity where it is nearer. (Lemire, "Number parsing at a gigabyte per second",
/// Software: Practice and Experience, 2021, algorithm 1; that 128 bits of the power are enough for
/// every w: Mushtak and Lemire, "Fast number parsing without fallback", 2023.)
constexpr std::uint64_t nearest_bits(std::uint64_t w, int q, const PowerTable& powers) {
  __extension__ using Wide = unsigned __int128;
  constexpr int kFraction = 52;
  constexpr std::uint64_t kInfinity = std::uint64_t{0x7FF} << kFraction;
  const int zeros = __builtin_clzll(w);  // nvcc 13 takes std::countl_zero() of 64 bits to be 64
  w <<= zeros;
  const std::uint64_t* const five = powers.fives + 2 * (q - PowerTable::kSmallest);
  const Wide first = static_cast<Wide>(w) * five[0];
  auto high = static_cast<std::uint64_t>(first >> 64);
  auto low = static_cast<std::uint64_t>(first);
  constexpr std::uint64_t kBelow = ~std::uint64_t{0} >> (kFraction + 3);
  if ((high & kBelow) == kBelow) {  // the second half of the power may carry into what is kept
    const auto carry = static_cast<std::uint64_t>((static_cast<Wide>(w) * five[1]) >> 64);
    low += carry;
    high += low < carry ? 1 : 0;
  }
  const int upper = static_cast<int>(high >> 63);
  const int shift = upper + 64 - kFraction - 3;
  std::uint64_t mantissa = high >> shift;
  // floor(q log2 10) + 63, with the bias of f64.
  int exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023;
  if (exponent <= 0) {  // subnormal, unless rounding up makes it the smallest that is not
    if (exponent <= -63) return 0;
    mantissa >>= 1 - exponent;
    return (mantissa + (mantissa & 1)) >> 1;
  }
  // Halfway between two f64, if nothing but zeros was cut off: to even. Only powers of five that
  // fit 64 bits come so close.
  const bool may_be_half = low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1;
  if (may_be_half && (mantissa << shift) == high) mantissa &= ~std::uint64_t{1};
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  // A mantissa of 2^53 carries into the exponent, as it should.
  exponent -= 1;
  const std::uint64_t bits = (static_cast<std::uint64_t>(exponent) << kFraction) + mantissa;
  return bits < kInfinity ? bits : kInfinity;
}

/// The number that the decimal is, correctly rounded.
constexpr ParsedNumber round_decimal(const Decimal& decimal, const PowerTable& powers) {
  using State = ParsedNumber::State;
  if (!decimal.is_valid) return {};
  const std::int64_t q = decimal.exponent;
  const std::uint64_t w = decimal.mantissa;
  double value = 0.0;
  if (!decimal.is_cut && w <= std::uint64_t{1} << 53 && q > -PowerTable::kExactTens &&
      q < PowerTable::kExactTens) {
    // Both operands are exact, so one operation rounds correctly (Clinger, "How to read floating
    // point numbers accurately", 1990).
    value = static_cast<double>(w);
    value = q < 0 ? value / powers.tens[-q] : value * powers.tens[q];
  } else if (w != 0 && q >= PowerTable::kSmallest) {
    if (q > PowerTable::kLargest) return {};
    const std::uint64_t bits = nearest_bits(w, static_cast<int>(q), powers);
    if (decimal.is_cut && bits != nearest_bits(w + 1, static_cast<int>(q), powers))
      return {0.0, State::undecided};
    if (bits >> 52 == 0x7FF) return {};
    value = std::bit_cast<double>(bits);
  }
  return {decimal.is_negative ? -value : value, State::number};
}

}  // namespace ebb::preprocessing
