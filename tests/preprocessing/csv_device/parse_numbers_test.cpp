// Numbers of a text on the device under test: the bits of parse_number(), whatever is spelled.
#include "preprocessing/csv_device/parse_numbers.h"

#include <bit>
#include <cmath>

#include "preprocessing/common/numbers.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

struct Parsed {
  bool are_numbers = false;
  std::vector<std::vector<double>> columns;
};

/// All columns of `text`, whose rows have `columns` fields.
Parsed parse(std::string_view text, std::int64_t columns,
             const std::vector<std::string>& missing = CsvOptions::default_missing_tokens()) {
  Context context(test_device());
  const Tensor bytes = Tensor::from_bytes({static_cast<std::int64_t>(text.size())}, DType::u8,
                                          std::as_bytes(std::span(text)), test_device());
  const auto fields = cut_fields(context, bytes, ',', columns);
  if (!fields) ADD_FAILURE() << "not regular";
  std::vector<ParsedColumn> targets;
  for (std::int64_t i = 0; i < columns; ++i)
    targets.push_back({i, Tensor::empty({fields->rows}, DType::f64, test_device())});
  Parsed parsed;
  parsed.are_numbers = parse_numbers(context, *fields, text, TokenList(missing), targets);
  for (const ParsedColumn& target : targets) {
    const Tensor numbers = target.numbers.to(Device());
    const auto values = numbers.values<double>();
    parsed.columns.emplace_back(values.begin(), values.end());
  }
  return parsed;
}

std::uint64_t bits(double value) {
  return std::isnan(value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value);
}

/// `spellings`, all numbers, as a table of `columns` columns.
void expect_parsed(std::vector<std::string> spellings, std::size_t columns) {
  while (spellings.size() % columns != 0) spellings.emplace_back("0");
  std::string text;
  for (std::size_t i = 0; i < spellings.size(); ++i)
    text += spellings[i] + ((i + 1) % columns == 0 ? '\n' : ',');
  const Parsed parsed = parse(text, static_cast<std::int64_t>(columns));
  ASSERT_TRUE(parsed.are_numbers);
  for (std::size_t i = 0; i < spellings.size(); ++i) {
    const auto expected = parse_number(spellings[i]);
    ASSERT_TRUE(expected) << spellings[i];
    EXPECT_EQ(bits(parsed.columns[i % columns][i / columns]), bits(*expected)) << spellings[i];
  }
}

std::string random_digits(SplitMix64& generator, std::size_t count) {
  std::string digits;
  for (std::size_t i = 0; i < count; ++i) digits += static_cast<char>('0' + generator.below(10));
  return digits;
}

TEST(ParseNumbersDevice, TakeEverySpelling) {
  expect_parsed({"0",
                 "-0",
                 "+0",
                 "1",
                 "-1",
                 "+1",
                 "00501",
                 "12.5",
                 "-.5",
                 "+.5",
                 "5.",
                 "0.1",
                 "1e3",
                 "1E3",
                 "1e+3",
                 "1e-3",
                 "-1.5e-3",
                 "0e999999999999",
                 "0.000e-400",
                 "1e22",
                 "1e23",
                 "123456789012345678",
                 "3.0e0",
                 "1e-0005",
                 "00000000000000000000000001.5"},
                3);
}

TEST(ParseNumbersDevice, RoundAtTheEdgesOfF64) {
  expect_parsed({"1.7976931348623157e308",
                 "1.7976931348623158e308",
                 "-1.7976931348623157e308",
                 "179769313486231570000000000000000000000e270",
                 "2.2250738585072014e-308",
                 "2.2250738585072011e-308",
                 "2.2250738585072013e-308",
                 "4.9406564584124654e-324",
                 "2.4703282292062328e-324",
                 "2.4703282292062327e-324",
                 "1e-323",
                 "1e-400",
                 "-1e-400",
                 "1e-342",
                 "9999999999999999999e-343",
                 "5e-324",
                 "3e-324",
                 "2e-324",
                 "1.5e-323",
                 "9007199254740992",
                 "9007199254740993",
                 "9007199254740994",
                 "9007199254740995",
                 "9007199254740993.0",
                 "9007199254740993.00000000000000000000",
                 "9007199254740993.00000000000000000000000001",
                 "9007199254740992.99999999999999999999999",
                 "4503599627370496.5",
                 "4503599627370497.5",
                 "4503599627370497.4999999999999999999",
                 "8.5e0",
                 "18446744073709551615",
                 "18446744073709551616",
                 "9999999999999999999",
                 "99999999999999999999",
                 "10000000000000000000",
                 "1.00000000000000011102230246251565404236",
                 "1.00000000000000011102230246251565404237",
                 "6250000000000000625e-7",
                 "1e23",
                 "8.442911973260991817e-26",
                 "9.007199254740993e+30",
                 "0.000000000000000000000000000000000000000000000000001234567890123456789"},
                5);
}

TEST(ParseNumbersDevice, RoundRandomDecimals) {
  SplitMix64 generator(7, 7);
  std::vector<std::string> spellings;
  for (int i = 0; i < 6000; ++i) {
    std::string spelling = generator.below(3) == 0 ? "-" : "";
    spelling += random_digits(generator, 1 + generator.below(12));
    if (generator.below(2) == 0)
      spelling += "." + random_digits(generator, 1 + generator.below(14));
    if (generator.below(2) == 0) {
      const auto exponent = static_cast<int>(generator.below(580)) - 320;
      spelling += "e" + std::to_string(exponent);
    }
    if (parse_number(spelling)) spellings.push_back(std::move(spelling));
  }
  EXPECT_GT(spellings.size(), 5000U);
  expect_parsed(spellings, 11);
}

/// Numbers exactly between two f64, one more in a far digit, and one less: what is cut off decides.
TEST(ParseNumbersDevice, LeaveTiesOfManyDigitsToTheHost) {
  SplitMix64 generator(8, 8);
  std::vector<std::string> spellings;
  for (int i = 0; i < 300; ++i) {
    // An f64 between 2^52 and 2^53 is whole, so that half of one more is a tie.
    const std::uint64_t whole = (std::uint64_t{1} << 52) + generator.below(std::uint64_t{1} << 52);
    const std::string half = std::to_string(whole) + ".5";
    spellings.push_back(half);
    spellings.push_back(half + "0000000000000000000000");
    spellings.push_back(half + "000000000000000000001");
    spellings.push_back(std::to_string(whole) + ".4999999999999999999999");
  }
  expect_parsed(spellings, 4);
}

TEST(ParseNumbersDevice, GiveNothingForOtherTexts) {
  for (const std::string_view text :
       {"x",
        "1x",
        "-",
        "+",
        ".",
        "-.",
        "e5",
        "1e",
        "1e+",
        "1e-",
        "1.2.3",
        "--1",
        "+-1",
        "-+1",
        "++1",
        "1 2",
        "inf",
        "-inf",
        "infinity",
        "INF",
        "1e309",
        "-1e400",
        "0x10",
        "1_000",
        "\"1\"\"\"",
        "1.7976931348623159e308",
        "17976931348623158079372897140530341507993413271003782693617e251"}) {
    EXPECT_FALSE(parse("1,2\n" + std::string(text) + ",4\n", 2).are_numbers) << text;
  }
}

TEST(ParseNumbersDevice, TakeMissingTokensForNoValue) {
  const std::vector<std::string> missing = {"", "NA", "999", "a\"b", "-1.5"};
  const Parsed parsed =
      parse("1,NA\n\"\",999\n \"NA\" ,\"a\"\"b\"\n\"2\", -1.5\r\n999.0,\t\"-1.50\"\n", 2, missing);
  ASSERT_TRUE(parsed.are_numbers);
  const double nan = std::nan("");
  const std::vector<std::vector<double>> expected = {{1, nan, nan, 2, 999},
                                                     {nan, nan, nan, nan, -1.5}};
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t row = 0; row < 5; ++row)
      EXPECT_EQ(bits(parsed.columns[i][row]), bits(expected[i][row])) << i << ", " << row;
  }
  EXPECT_FALSE(parse("1,\n", 2, {"NA"}).are_numbers);
  EXPECT_FALSE(parse("1,N\n", 2, {"NA"}).are_numbers);
  EXPECT_FALSE(parse("1,NAN\n", 2, {"NA"}).are_numbers);
}

TEST(ParseNumbersDevice, FillWideAndLongTables) {
  for (const std::size_t columns : {2U, 8U, 9U, 300U}) {
    std::vector<std::string> spellings;
    for (std::size_t i = 0; i < columns * (columns > 100 ? 3 : 600); ++i)
      spellings.push_back(std::to_string(i) + ".25");
    expect_parsed(spellings, columns);
  }
}

TEST(CutFieldsDevice, TakesWholeRows) {
  Context context(test_device());
  const auto cut = [&](std::string_view text, std::int64_t columns) {
    const Tensor bytes = Tensor::from_bytes({static_cast<std::int64_t>(text.size())}, DType::u8,
                                            std::as_bytes(std::span(text)), test_device());
    return cut_fields(context, bytes, ',', columns);
  };
  const auto fields = cut("a,b\n\"x,\ny\",d\r\ne", 2);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->rows, 2);
  EXPECT_EQ(fields->bytes, 14U);
  EXPECT_TRUE(fields->has_quotes);
  EXPECT_TRUE(fields->has_inner_feeds);
  EXPECT_TRUE(fields->is_plain);
  EXPECT_EQ(cut("a", 2)->rows, 0);
  EXPECT_EQ(cut("a,b\n\xC3\xA9,", 2)->rows, 1);
  for (const std::string_view text :
       {"a,b\nc\n", "a,b\nc\nd,e,f\n", "a,b,c\n", "a,b\n\nc,d\n", "a\rb,c\n", "a\"b,c\n",
        "\"a\"b,c\n", "\"a\"\"\"b\",c\n", "\"a\" \"b\",c\n", "a,b\nc,d,e,f\n"}) {
    EXPECT_FALSE(cut(text, 2)) << text;
  }
}

}  // namespace
}  // namespace ebb::preprocessing
