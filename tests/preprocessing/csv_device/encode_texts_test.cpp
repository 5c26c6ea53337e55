// Codes of texts on the device under test: those of the reader on the host.
#include "preprocessing/csv_device/encode_texts.h"

#include <bit>
#include <cstring>

#include "preprocessing/common/spread.h"
#include "preprocessing/csv_device/csv_on_device.h"
#include "preprocessing/csv_device/text_hash.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/table/column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

struct Encoded {
  std::vector<std::int32_t> codes;
  std::optional<std::size_t> missing;
};

/// The second of two columns.
Encoded encode(std::string_view text, Dictionary& dictionary) {
  Context context(test_device());
  const Tensor bytes = Tensor::from_bytes({static_cast<std::int64_t>(text.size())}, DType::u8,
                                          std::as_bytes(std::span(text)), test_device());
  const auto fields = cut_fields(context, bytes, ',', 2);
  if (!fields) ADD_FAILURE() << "not regular";
  const Tensor codes = Tensor::empty({fields->rows}, DType::i32, test_device());
  Encoded encoded;
  encoded.missing =
      encode_texts(context, *fields, text, 1, TokenList(CsvOptions::default_missing_tokens()),
                   dictionary, codes);
  const Tensor on_host = codes.to(Device());
  const auto values = on_host.values<std::int32_t>();
  encoded.codes.assign(values.begin(), values.end());
  return encoded;
}

TEST(EncodeTextsDevice, NumberTextsByFirstAppearance) {
  Dictionary dictionary;
  const Encoded first = encode("1,b\n2,a\n3,b\n4,\n5,\"b\"\n6, a \n7,\"a,a\"\n8,NA\n", dictionary);
  EXPECT_EQ(first.codes, (std::vector<std::int32_t>{0, 1, 0, -1, 0, 1, 2, -1}));
  EXPECT_EQ(first.missing, 2U);
  const Encoded second = encode("1,c\n2,a\n3,\"say \"\"no\"\"\"\n4,c\n5,\"\"\"\"\n", dictionary);
  EXPECT_EQ(second.codes, (std::vector<std::int32_t>{3, 1, 4, 3, 5}));
  EXPECT_EQ(second.missing, 0U);
  EXPECT_EQ(dictionary.levels(),
            (std::vector<std::string>{"b", "a", "a,a", "c", "say \"no\"", "\""}));
}

TEST(EncodeTextsDevice, TellLongTextsApart) {
  const std::string same(40, 'x');
  Dictionary dictionary;
  std::string text;
  std::vector<std::int32_t> expected;
  for (std::size_t length = 1; length <= 40; ++length) {
    text += "1," + same.substr(0, length) + "\n2," + same.substr(0, length - 1) + "y\n";
    expected.push_back(static_cast<std::int32_t>(expected.size()));
    expected.push_back(static_cast<std::int32_t>(expected.size()));
  }
  EXPECT_EQ(encode(text + text, dictionary).codes.size(), 2 * expected.size());
  EXPECT_EQ(dictionary.size(), expected.size());
  EXPECT_EQ(encode(text, dictionary).codes, expected);
}

TEST(EncodeTextsDevice, TakeFewAndManyTexts) {
  SplitMix64 generator(3, 3);
  for (const std::uint64_t distinct : {1U, 3U, 700U, 100'000U}) {
    SCOPED_TRACE(distinct);
    Dictionary expected;
    std::vector<std::int32_t> codes;
    std::string text;
    for (int row = 0; row < 2000; ++row) {
      const std::string value = "text " + std::to_string(generator.below(distinct));
      text += "1," + value + "\n";
      codes.push_back(expected.code(value));
    }
    Dictionary dictionary;
    EXPECT_EQ(encode(text, dictionary).codes, codes);
    EXPECT_EQ(dictionary.levels(), expected.levels());
  }
}

/// Eight letters and figures.
std::uint64_t random_word(SplitMix64& generator) {
  const std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i)
    word = word << 8 | static_cast<unsigned char>(letters[generator.below(letters.size())]);
  return word;
}

bool is_letters(std::uint64_t word) {
  for (; word != 0; word >>= 8) {
    const auto c = static_cast<char>(word & 0xFF);
    if (c < '0' || c > 'z') return false;
  }
  return true;
}

std::string text_of(std::uint64_t first, std::uint64_t second) {
  std::string text(16, ' ');
  std::memcpy(text.data(), &first, 8);
  std::memcpy(text.data() + 8, &second, 8);
  return text;
}

/// Two texts of one hash: what the first words leave is taken back by the second ones.
std::pair<std::string, std::string> colliding_texts() {
  SplitMix64 generator(1, 2);
  for (;;) {
    const std::uint64_t a = random_word(generator);
    const std::uint64_t b = random_word(generator);
    const std::uint64_t after_a = random_word(generator);
    const std::uint64_t after_b =
        after_a ^ add_to_hash(0, a, kSpreadFactor) ^ add_to_hash(0, b, kSpreadFactor);
    if (a != b && after_b >> 56 != 0 && is_letters(after_b))
      return {text_of(a, after_a), text_of(b, after_b)};
  }
}

TEST(EncodeTextsDevice, LeaveUnequalTextsOfOneHashToTheHost) {
  const auto [a, b] = colliding_texts();
  const auto hash = [](const std::string& text) {
    return text_hash({text.data(), text.data() + text.size(), false}, kSpreadFactor);
  };
  ASSERT_NE(a, b);
  ASSERT_EQ(hash(a), hash(b));
  Dictionary dictionary;
  EXPECT_EQ(encode("1," + a + "\n2," + b + "\n", dictionary).missing.has_value(),
            !test_device().is_cuda());
  const ScratchFile file("n,t\n1," + a + "\n2," + b + "\n3," + a + "\n");
  DeviceRead read = read_csv_on_device(file.path(), {}, test_device());
  EXPECT_EQ(read.is_by_device, !test_device().is_cuda());
  expect_equal(read.table.download(read.table.names()), read_csv(file.path()));
}

TEST(EncodeTextsDevice, RefuseOtherTensors) {
  Context context(test_device());
  const std::string_view text = "1,a\n";
  const Tensor bytes =
      Tensor::from_bytes({4}, DType::u8, std::as_bytes(std::span(text)), test_device());
  const auto fields = cut_fields(context, bytes, ',', 2);
  Dictionary dictionary;
  const Tensor codes = Tensor::zeros({1}, DType::f32, test_device());
  EXPECT_THAT(message_of<Error>([&] {
                encode_texts(context, *fields, text, 1, TokenList({}), dictionary, codes);
              }),
              ::testing::HasSubstr("expected i32"));
}

}  // namespace
}  // namespace ebb::preprocessing
