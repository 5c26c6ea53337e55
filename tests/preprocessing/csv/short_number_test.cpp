// Short numbers are those of parse_number, to the bit; what they leave to it is empty.
#include "preprocessing/csv/short_number.h"

#include <bit>
#include <random>

#include "preprocessing/common/numbers.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

std::optional<double> short_number(std::string_view text) {
  // What follows in the buffer must not matter.
  const std::string padded = std::string(text) + "9.9-,\n99999999";
  return parse_short_number(padded.data(), text.size());
}

void expect_same(std::string_view text) {
  const std::optional<double> mine = short_number(text);
  if (!mine) return;
  const std::optional<double> expected = parse_number(text);
  ASSERT_TRUE(expected.has_value()) << text;
  ASSERT_EQ(std::bit_cast<std::uint64_t>(*mine), std::bit_cast<std::uint64_t>(*expected)) << text;
}

TEST(ShortNumber, ReadsTheUsualSpellings) {
  for (const char* text : {"0", "7", "-7", "42.17", "-0.05", ".5", "5.", "00501", "99999999",
                           "0.000001", "1234567.", "-9999999.", "-0", "-0.0", "12345.67"}) {
    EXPECT_TRUE(short_number(text).has_value()) << text;
    expect_same(text);
  }
  EXPECT_TRUE(std::signbit(*short_number("-0")));
}

TEST(ShortNumber, LeavesTheRest) {
  for (const char* text :
       {"",    "-",   ".",  "-.", "1e5", "+1", "1,5", "1.2.3", "..",  "123456789",
        "0x1", "--1", "1-", " 1", "1 ",  "/",  ":",   "1:",    "nan", "\xB1"}) {
    EXPECT_FALSE(short_number(text).has_value()) << text;
  }
}

TEST(ShortNumber, AgreesOnRandomTexts) {
  constexpr std::string_view kBytes = "0123456789012345678901234567890123456789.-./:";
  std::mt19937 generator(7);
  std::size_t read = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text(1 + generator() % 9, ' ');
    for (char& c : text) c = kBytes[generator() % kBytes.size()];
    expect_same(text);
    read += short_number(text).has_value() ? 1 : 0;
    // Every text that parse_number takes and that is short is read.
    const bool is_short = text.size() <= (text[0] == '-' ? 9U : 8U);
    if (is_short) {
      ASSERT_EQ(short_number(text).has_value(), parse_number(text).has_value()) << text;
    }
  }
  EXPECT_GT(read, 100'000U);
}

}  // namespace
}  // namespace ebb::preprocessing
