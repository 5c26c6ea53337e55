// Ranks and frequencies of levels.
#include "preprocessing/encoding/ordinal.h"

#include <cmath>

#include "preprocessing/encoding/frequency.h"
#include "tests/preprocessing/encoding/fixture.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Column kSizes = text_column("size", {"M", "S", "M", "", "L", "M", "L"});

TEST(Ordinal, LexicalOrderAgreesWithScikitLearn) {
  const json& fixture = encoding_fixture();
  const Column column = fixture_column(fixture["texts"], false);
  const OrdinalEncoder encoder = OrdinalEncoder::fit(column, LevelOrder::lexical);
  EXPECT_EQ(encoder.encode(column), fixture["ordinal"].get<std::vector<double>>());
}

TEST(Ordinal, DeclaredAndFrequencyOrder) {
  const OrdinalEncoder declared =
      OrdinalEncoder::fit(kSizes, LevelOrder::declared, {"XS", "S", "M", "L"});
  const OrdinalEncoder frequency = OrdinalEncoder::fit(kSizes, LevelOrder::frequency);
  EXPECT_THAT(frequency.levels(), ElementsAre("M", "L", "S"));
  const std::vector<double> ranks =
      declared.encode(text_column("size", {"L", "", "XS", "never seen", "M"}));
  EXPECT_EQ(ranks[0], 3.0);
  EXPECT_TRUE(std::isnan(ranks[1]));
  EXPECT_EQ(ranks[2], 0.0);
  EXPECT_TRUE(std::isnan(ranks[3]));
  EXPECT_EQ(ranks[4], 2.0);
  EXPECT_EQ(declared.decode(2.2), "M");
  for (const double rank : {-1.0, 4.0, 1e300, std::nan("")}) {
    EXPECT_EQ(declared.decode(rank), std::nullopt) << rank;
  }
}

TEST(Ordinal, RefusesLevelsThatAreNotDeclared) {
  EXPECT_EQ(message_of([] {
              OrdinalEncoder::fit(kSizes, LevelOrder::declared, {"S", "M"});
            }),
            "column \"size\" holds \"L\", which is not among the levels declared in order, \"S\", "
            "\"M\": add it in its place, or order levels by frequency or name");
  EXPECT_EQ(message_of([] {
              OrdinalEncoder::fit(kSizes, LevelOrder::declared, {"S", "M", "S"});
            }),
            "column \"size\": the level \"S\" occurs twice");
  EXPECT_THAT(message_of([] { OrdinalEncoder::fit(kSizes, LevelOrder::declared); }),
              HasSubstr("column \"size\": an order without levels"));
  EXPECT_THAT(message_of([] { OrdinalEncoder::fit(text_column("c", {""}), LevelOrder::lexical); }),
              HasSubstr("column \"c\" has no value in any training row"));
  EXPECT_EQ(message_of([] { parse_level_order("target"); }),
            "\"target\" is no order of levels: use declared, frequency or lexical");
}

TEST(Ordinal, JsonRoundTrips) {
  const OrdinalEncoder encoder = OrdinalEncoder::fit(kSizes, LevelOrder::lexical);
  json document = ebb::testing::through_text(to_json(encoder));
  EXPECT_EQ(ordinal_encoder_from_json(JsonReader(document)), encoder);
  document["levels"].push_back("M");
  EXPECT_THAT(message_of([&] { ordinal_encoder_from_json(JsonReader(document)); }),
              HasSubstr("the level \"M\" occurs twice"));
}

TEST(Frequency, AgreesWithPandas) {
  const json& fixture = encoding_fixture();
  const Column column = fixture_column(fixture["texts"]);
  EXPECT_EQ(FrequencyEncoder::fit(column, FrequencyKind::share).encode(column),
            fixture["share"].get<std::vector<double>>());
  EXPECT_EQ(FrequencyEncoder::fit(column, FrequencyKind::count).encode(column),
            fixture["count"].get<std::vector<double>>());
}

TEST(Frequency, UnseenLevelsOccurNever) {
  const FrequencyEncoder encoder = FrequencyEncoder::fit(kSizes, FrequencyKind::count);
  EXPECT_THAT(encoder.encode(text_column("size", {"XS", "", "L"})), ElementsAre(0, 1, 2));
  EXPECT_THAT(message_of([] { FrequencyEncoder::fit(text_column("c", {}), FrequencyKind::share); }),
              HasSubstr("column \"c\" has no training rows"));
}

TEST(Frequency, JsonRoundTripsAndIsChecked) {
  const FrequencyEncoder encoder = FrequencyEncoder::fit(kSizes, FrequencyKind::share);
  json document = ebb::testing::through_text(to_json(encoder));
  const FrequencyEncoder again = frequency_encoder_from_json(JsonReader(document));
  EXPECT_EQ(again, encoder);
  EXPECT_EQ(again.encode(kSizes), encoder.encode(kSizes));
  document["counts"] = {1, 2};
  EXPECT_THAT(message_of([&] { frequency_encoder_from_json(JsonReader(document)); }),
              HasSubstr("2 counts for 3 levels"));
  document["counts"] = {0, 0, 0};
  document["missing"] = 0;
  EXPECT_THAT(message_of([&] { frequency_encoder_from_json(JsonReader(document)); }),
              HasSubstr("frequencies of no rows"));
  document["kind"] = "log";
  EXPECT_THAT(message_of([&] { frequency_encoder_from_json(JsonReader(document)); }),
              HasSubstr("kind: \"log\" is no kind of frequency: use share or count"));
}

}  // namespace
}  // namespace ebb::preprocessing
