#include "preprocessing/encoding/one_hot.h"

#include <map>

#include "tests/preprocessing/encoding/fixture.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Column kTraining = text_column("plan", {"b", "a", "b", "", "rare", "b", "a", "once"});
const Column kNew = text_column("plan", {"never seen", "a", "rare", "", "b"});

void expect_as_scikit_learn(const std::string& name, const OneHotOptions& options,
                            bool keeps_missing) {
  SCOPED_TRACE(name);
  const json& fixture = encoding_fixture();
  const json& expected = fixture["one_hot"][name];
  const OneHotEncoder encoder =
      OneHotEncoder::fit(fixture_column(fixture["texts"], keeps_missing), options);
  std::vector<std::string> names = encoder.names("plan");
  std::map<std::string, std::size_t> place_of_name;
  for (std::size_t i = 0; i < names.size(); ++i) place_of_name[names[i]] = i;
  ASSERT_EQ(names.size(), expected["names"].size());
  const Column column = fixture_column(fixture["new"], keeps_missing);
  const std::vector<std::int32_t> places = encoder.encode(column);
  for (std::size_t i = 0; i < expected["names"].size(); ++i) {
    const auto level = expected["names"][i].get<std::string>();
    const std::string ours = level == "None"                 ? "plan is missing"
                             : level == "infrequent_sklearn" ? "plan is other"
                                                             : "plan = " + level;
    ASSERT_TRUE(place_of_name.contains(ours)) << ours;
    for (std::size_t row = 0; row < places.size(); ++row) {
      EXPECT_EQ(places[row] == static_cast<std::int32_t>(place_of_name[ours]),
                expected["rows"][row][i] == 1)
          << ours << " row " << row;
    }
  }
}

TEST(OneHot, AgreesWithScikitLearn) {
  expect_as_scikit_learn("all", {}, true);
  expect_as_scikit_learn("min_count", {.min_count = 10}, false);
  expect_as_scikit_learn("min_share", {.min_share = 0.1, .unknown = UnknownLevel::other_column},
                         false);
  expect_as_scikit_learn("max_levels", {.max_levels = 2, .unknown = UnknownLevel::other_column},
                         false);
}

TEST(OneHot, RareUnknownAndMissingLevels) {
  const OneHotEncoder zeros = OneHotEncoder::fit(kTraining, {.min_count = 2});
  EXPECT_THAT(zeros.names("plan"),
              ElementsAre("plan = b", "plan = a", "plan is other", "plan is missing"));
  EXPECT_THAT(zeros.rare(), ElementsAre("once", "rare"));
  EXPECT_THAT(zeros.encode(kNew), ElementsAre(-1, 1, 2, 3, 0));
  const OneHotEncoder own =
      OneHotEncoder::fit(kTraining, {.min_count = 2, .unknown = UnknownLevel::other_column});
  EXPECT_THAT(own.encode(kNew), ElementsAre(2, 1, 2, 3, 0));
  const OneHotEncoder without =
      OneHotEncoder::fit(kTraining, {.max_levels = 1, .missing = MissingIndicator::never});
  EXPECT_THAT(without.encode(kNew), ElementsAre(-1, 1, 1, -1, 0));
  EXPECT_EQ(zeros.level(1), "a");
  EXPECT_EQ(zeros.level(2), std::nullopt);
  EXPECT_EQ(zeros.level(-1), std::nullopt);
}

TEST(OneHot, LevelsAbsentFromTheTrainingRowsAreUnknown) {
  Table table;
  table.add(text_column("plan", {"a", "b", "a"}));
  const Table training = select_rows(table, std::vector<std::size_t>{0, 2});
  const OneHotEncoder encoder = OneHotEncoder::fit(training.column("plan"), {});
  EXPECT_THAT(encoder.encode(table.column("plan")), ElementsAre(0, -1, 0));
}

TEST(OneHot, RowsOfAMatrix) {
  const std::vector<std::int32_t> places = {1, -1, 0};
  std::vector<float> values(12, 9.0F);
  write_one_hot_rows(places, {}, 2, 4, std::span(values).subspan(1));
  EXPECT_THAT(values, ElementsAre(9, 0, 1, 9, 9, 0, 0, 9, 9, 1, 0, 9));
  EXPECT_THAT(message_of<Error>([&] { write_one_hot_rows(places, {}, 5, 5, values); }),
              HasSubstr("3 rows of 5 columns, 5 apart, do not fit into 12 values"));
  std::vector<std::int32_t> many(100000);
  for (std::size_t row = 0; row < many.size(); ++row) many[row] = static_cast<int>(row % 3) - 1;
  std::vector<std::vector<float>> results;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    results.emplace_back(200000, 9.0F);
    write_one_hot_rows(many, {}, 2, 2, results.back());
    EXPECT_EQ(results.back(), results.front());
  }
  EXPECT_EQ(results[0][2], 1.0F);
  EXPECT_EQ(results[0][3], 0.0F);
}

TEST(OneHot, JsonRoundTripsAndIsChecked) {
  for (const UnknownLevel unknown : {UnknownLevel::zeros, UnknownLevel::other_column}) {
    const OneHotEncoder encoder =
        OneHotEncoder::fit(kTraining, {.min_count = 2, .unknown = unknown});
    const json document = ebb::testing::through_text(to_json(encoder));
    EXPECT_EQ(one_hot_encoder_from_json(JsonReader(document)), encoder);
  }
  const json good = to_json(OneHotEncoder::fit(kTraining, {.min_count = 2}));
  const auto refusal = [&](const char* key, const json& value) {
    json bad = good;
    bad[key] = value;
    return message_of([&] { one_hot_encoder_from_json(JsonReader(bad)); });
  };
  EXPECT_THAT(refusal("levels", {"a", "rare"}), HasSubstr("the level \"rare\" occurs twice"));
  EXPECT_THAT(refusal("other_column", false), HasSubstr("need the column of other levels"));
  EXPECT_THAT(refusal("unknown", "drop"), HasSubstr("use zeros or other_column"));
  EXPECT_THAT(message_of([] { OneHotEncoder::restore({}, {}, false, UnknownLevel::zeros, false); }),
              HasSubstr("without any column"));
}

TEST(OneHot, RefusesWhatItCannotFit) {
  EXPECT_THAT(
      message_of([] {
        OneHotEncoder::fit(text_column("plan", {"", ""}), {.missing = MissingIndicator::never});
      }),
      HasSubstr("column \"plan\" has no value in any training row"));
  EXPECT_THAT(message_of([] { OneHotEncoder::fit(kTraining, {.min_share = 1.5}); }),
              HasSubstr("column \"plan\": the least share of a level is 1.5: expected 0 to 1"));
  EXPECT_THAT(message_of<Error>([] { OneHotEncoder::fit(number_column("x", {1}), {}); }),
              HasSubstr("column \"x\" holds numbers"));
}

}  // namespace
}  // namespace ebb::preprocessing
