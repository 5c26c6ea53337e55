// Hashed categories.
#include "preprocessing/encoding/hashing.h"

#include "tests/preprocessing/encoding/fixture.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Hashing, IsXxhashOfTheBytes) {
  ASSERT_EQ(encoding_fixture()["hashes"].size(), 12U);
  for (const nlohmann::json document = encoding_fixture(); const json& one : document["hashes"]) {
    const std::uint64_t hash = std::stoull(one["hash"].get<std::string>());
    const auto text = one["text"].get<std::string>();
    for (const std::uint32_t buckets : {1U, 10U, 1U << 24}) {
      const HashingEncoder encoder = {buckets, one["seed"].get<std::uint64_t>()};
      EXPECT_EQ(hash_bucket(encoder, text), static_cast<int>((hash >> 32) * buckets >> 32));
      EXPECT_EQ(hash_sign(encoder, text), hash % 2 == 0 ? 1.0F : -1.0F);
    }
  }
}

TEST(Hashing, BucketsAndSignsAreEven) {
  const HashingEncoder encoder = {16, 3};
  std::vector<int> counts(16);
  int positive = 0;
  for (int i = 0; i < 16000; ++i) {
    ++counts[static_cast<std::size_t>(hash_bucket(encoder, std::to_string(i)))];
    positive += hash_sign(encoder, std::to_string(i)) > 0.0F ? 1 : 0;
  }
  // Within five standard deviations of a fair draw.
  for (const int count : counts) EXPECT_NEAR(count, 1000, 153);
  EXPECT_NEAR(positive, 8000, 316);
}

TEST(Hashing, RowsOfAMatrix) {
  const HashingEncoder encoder = {4, 0};
  const Column column = text_column("city", {"a", "", "b", "a"});
  const HashedCodes codes = hash_levels(encoder, column);
  std::vector<float> values(16, 9.0F);
  write_hashed_rows(codes, encoder, 4, values);
  for (std::size_t row = 0; row < 4; ++row) {
    for (int bucket = 0; bucket < 4; ++bucket) {
      const std::string text = column.text(row);
      const bool is_there = !text.empty() && hash_bucket(encoder, text) == bucket;
      EXPECT_EQ(values[4 * row + static_cast<std::size_t>(bucket)],
                is_there ? hash_sign(encoder, text) : 0.0F);
    }
  }
  EXPECT_EQ(codes.buckets[1], HashedCodes::kNoBucket);
  const HashedCodes unsigned_codes = hash_levels({4, 0, false}, column);
  EXPECT_THAT(unsigned_codes.signs, ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(hashed_names(encoder, "city"),
              ElementsAre("city #0", "city #1", "city #2", "city #3"));
}

TEST(Hashing, JsonRoundTripsAndIsChecked) {
  const HashingEncoder encoder = {1U << 24, ~std::uint64_t{0}, false};
  json document = ebb::testing::through_text(to_json(encoder));
  EXPECT_EQ(hashing_encoder_from_json(JsonReader(document)), encoder);
  document["buckets"] = std::uint64_t{1} << 40;
  EXPECT_THAT(message_of([&] { hashing_encoder_from_json(JsonReader(document)); }),
              HasSubstr("pipeline: buckets: there are too many"));
  document["buckets"] = 0;
  EXPECT_THAT(message_of([&] { hashing_encoder_from_json(JsonReader(document)); }),
              HasSubstr("0 hash buckets: expected 1 to 16777216"));
}

}  // namespace
}  // namespace ebb::preprocessing
