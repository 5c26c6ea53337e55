#include "preprocessing/split/time_split.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/split/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Times = std::vector<std::int64_t>;

std::pair<std::int64_t, std::int64_t> span_of(const std::vector<std::size_t>& rows,
                                              const Times& times) {
  const auto earlier = [&](std::size_t a, std::size_t b) { return times[a] < times[b]; };
  const auto [first, last] = std::minmax_element(rows.begin(), rows.end(), earlier);
  return {times[*first], times[*last]};
}

Times random_times(std::size_t rows, std::uint64_t distinct, std::uint64_t seed) {
  SplitMix64 generator(seed);
  Times times(rows);
  for (std::int64_t& time : times) time = static_cast<std::int64_t>(generator.below(distinct)) - 50;
  return times;
}

TEST(TimeSplit, NoRowIsBeforeARowOfAnEarlierPart) {
  for (const std::uint64_t distinct : {5U, 40U, 1000000U}) {
    const Times times = random_times(1000, distinct, distinct);
    const Split split = time_split(times, {0.15, 0.2, 0});
    expect_partition(split, times.size());
    EXPECT_LT(span_of(split.train, times).second, span_of(split.validation, times).first);
    EXPECT_LT(span_of(split.validation, times).second, span_of(split.test, times).first);
    // A cut is at most half the rows of one time from where it should be.
    const double slack = 0.5 * 1300.0 / static_cast<double>(distinct) + 1.0;
    EXPECT_NEAR(static_cast<double>(split.test.size()), 200.0, slack);
    EXPECT_NEAR(static_cast<double>(split.validation.size() + split.test.size()), 350.0, slack);
  }
}

TEST(TimeSplit, DistinctTimesGiveExactParts) {
  const Times times = {3, 9, 1, 7, 5, 10, 8, 2, 6, 4};
  const Split split = time_split(times, {0.2, 0.3, 0});
  EXPECT_THAT(split.test, ElementsAre(1, 5, 6));
  EXPECT_THAT(split.validation, ElementsAre(3, 8));
  EXPECT_THAT(split.train, ElementsAre(0, 2, 4, 7, 9));
  EXPECT_TRUE(time_split(times, {0.2, 0.0, 0}).test.empty());
  EXPECT_EQ(time_split(times, {0.0, 0.0, 0}).train.size(), 10U);
}

TEST(TimeSplit, TheCutMovesToTheNearestChangeOfTimeAndLeavesNoPartEmpty) {
  // 3 of 10 rows wanted: of the changes before 2 and before 6 rows of test, the nearer one.
  EXPECT_EQ(time_split(Times{1, 1, 1, 1, 2, 2, 2, 2, 3, 3}, {0.0, 0.3, 0}).test.size(), 2U);
  EXPECT_EQ(time_split(Times{1, 1, 1, 1, 2, 2, 2, 2, 3, 3}, {0.0, 0.5, 0}).test.size(), 6U);
  // As near: the later one, which trains on more.
  EXPECT_EQ(time_split(Times{1, 1, 1, 1, 2, 2, 2, 2, 3, 3}, {0.0, 0.4, 0}).test.size(), 2U);
  const Split split = time_split(Times{1, 2, 3, 3, 3, 3, 3, 3, 3, 3}, {0.1, 0.1, 0});
  EXPECT_THAT(split.train, ElementsAre(0));
  EXPECT_THAT(split.validation, ElementsAre(1));
  EXPECT_EQ(split.test.size(), 8U);
  const Split late = time_split(Times{1, 1, 1, 1, 1, 1, 1, 1, 2, 3}, {0.4, 0.4, 0});
  EXPECT_EQ(late.train.size(), 8U);
  EXPECT_THAT(late.validation, ElementsAre(8));
}

TEST(TimeSplit, AGapLeavesOutWhatLooksIntoALaterPart) {
  const Times times = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  const Split split = time_split(times, {0.3, 0.2, 20});
  EXPECT_THAT(split.train, ElementsAre(0, 1, 2, 3));  // validation begins at 60
  EXPECT_THAT(split.validation, ElementsAre(5, 6));   // test begins at 90
  EXPECT_THAT(split.test, ElementsAre(8, 9));
  EXPECT_THAT(time_split(times, {0.3, 0.2, 21}).train, ElementsAre(0, 1, 2));
  EXPECT_EQ(time_split(times, {0.3, 0.2, 10}).train.size(), 5U);
  EXPECT_EQ(message_of([&] {
              time_split(times, {0.3, 0.2, 51});
            }),
            "a gap of 51 leaves no training rows: take a smaller one");
  EXPECT_EQ(message_of([&] {
              time_split(times, {0.2, 0.2, 30});
            }),
            "a gap of 30 leaves no validation rows: take a smaller one");
}

TEST(TimeSplit, TimesMayLieAsFarApartAsTheyCan) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min() + 1;
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  const Times times = {kHighest, kLowest, 0};
  EXPECT_THAT(time_split(times, {0.0, 0.3, kHighest}).train, ElementsAre(1, 2));
  EXPECT_THAT(time_split(times, {0.0, 0.6, kHighest}).train, ElementsAre(1));
}

TEST(TimeSplit, Errors) {
  const auto message = [](const Times& times, const TimeSplitOptions& options) {
    return message_of([&] { time_split(times, options); });
  };
  EXPECT_EQ(message({4, 4, 4}, {0.2, 0.2, 0}),
            "all 3 rows have one time: no row is before another");
  EXPECT_EQ(message({4, 4, 5}, {0.2, 0.2, 0}),
            "2 distinct times cannot be cut into 3 parts: expected one for each at least");
  EXPECT_EQ(message({4, kMissingInteger, 5}, {0.2, 0.2, 0}),
            "row 2 has no time: expected one in every row");
  EXPECT_EQ(message({4, 5}, {0.2, 0.0, -1}), "the gap is -1: expected at least 0");
  EXPECT_THAT(message({4, 5}, {0.5, 0.5, 0}), HasSubstr("leave no rows for training"));
}

TEST(TimeFolds, AreThoseOfScikitLearn) {
  const json fixture = ebb::testing::test_json("splits.json");
  ASSERT_EQ(fixture["time"].size(), 4U);
  for (const json& one : fixture["time"]) {
    const auto rounds = time_folds(one["times"].get<Times>(), one["folds"].get<std::uint32_t>());
    ASSERT_EQ(rounds.size(), one["rounds"].size());
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      EXPECT_EQ(rounds[i].train, one["rounds"][i]["train"].get<std::vector<std::size_t>>());
      EXPECT_EQ(rounds[i].test, one["rounds"][i]["test"].get<std::vector<std::size_t>>());
    }
  }
}

TEST(TimeFolds, TrainOnAllThatIsEarlierAndMeasureEachLaterRowOnce) {
  const Times times = random_times(500, 60, 9);
  const std::vector<Fold> rounds = time_folds(times, 6);
  std::vector<std::vector<std::size_t>> blocks = {rounds.front().train};
  std::vector<std::size_t> earlier = rounds.front().train;
  for (const Fold& round : rounds) {
    EXPECT_EQ(round.train, earlier);
    EXPECT_LT(span_of(round.train, times).second, span_of(round.test, times).first);
    blocks.push_back(round.test);
    earlier.insert(earlier.end(), round.test.begin(), round.test.end());
    std::sort(earlier.begin(), earlier.end());
  }
  expect_parts(blocks, times.size());
}

TEST(TimeFolds, GapsAndErrors) {
  const Times times = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<Fold> rounds = time_folds(times, 2, 3);
  EXPECT_THAT(rounds[0].train, ElementsAre(0));
  EXPECT_THAT(rounds[0].test, ElementsAre(3, 4, 5));
  EXPECT_THAT(rounds[1].train, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(rounds[1].test, ElementsAre(6, 7, 8));
  EXPECT_EQ(message_of([&] { time_folds(times, 2, 4); }),
            "a gap of 4 leaves no training rows: take a smaller one");
  EXPECT_EQ(message_of([&] { time_folds(times, 1); }), "1 folds: expected at least 2");
  EXPECT_EQ(message_of([&] { time_folds(times, 9); }),
            "9 distinct times cannot be cut into 10 parts: expected one for each at least");
}

}  // namespace
}  // namespace ebb::preprocessing
