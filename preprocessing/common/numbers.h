// Numbers as text: one definition of what counts as a number, for reading, messages and writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace ebb::preprocessing {

/// The finite decimal number that the whole of `text` spells (optional sign, digits, point,
/// exponent), correctly rounded to f64. Empty for everything else, "inf" and "nan" included.
std::optional<double> parse_number(std::string_view text);

/// The nearest f32, the largest finite one in place of an infinity; NaN is kept.
constexpr float to_float(double value) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  return static_cast<float>(value < -kLargest ? -kLargest : value > kLargest ? kLargest : value);
}

/// part / whole, 0 of an empty whole.
double share(std::size_t part, std::size_t whole);

/// Whether `text` is an optional sign followed by digits only.
bool is_integer_text(std::string_view text);

/// Whole numbers of so many bytes, of which a sign is one, are exact in f64 too.
inline constexpr std::size_t kExactBytes = 15;

/// The whole number of at most kExactBytes bytes whose shortest spelling `text` is: no plus, no
/// zero in front, no "-0". Empty for everything else.
std::optional<std::int64_t> parse_shortest_integer(std::string_view text);

/// The shortest text that reads back as the same f64; whole numbers below 1e15 without exponent.
std::string format_number(double value);

}  // namespace ebb::preprocessing
