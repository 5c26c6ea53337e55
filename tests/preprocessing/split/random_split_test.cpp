#include "preprocessing/split/random_split.h"

#include "tests/preprocessing/split/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;

TEST(SplitMix64, GivesThePublishedSequence) {
  // The first outputs for seed 1234567 of the reference implementation by Vigna.
  SplitMix64 generator(1234567);
  EXPECT_EQ(generator.next(), 6457827717110365317U);
  EXPECT_EQ(generator.next(), 3203168211198807973U);
  EXPECT_EQ(generator.next(), 9817491932198370423U);
}

TEST(SplitMix64, BelowIsUniform) {
  SplitMix64 generator(3);
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) ++counts[generator.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);  // over four deviations
}

TEST(RandomSplit, PartsAreDisjointAndExact) {
  for (const std::size_t rows : {7U, 10U, 101U, 5000U}) {
    const Split split = random_split(rows, {0.15, 0.2, 5});
    expect_partition(split, rows);
    EXPECT_EQ(split.test.size(), std::llround(static_cast<double>(rows) * 0.2));
    EXPECT_EQ(split.validation.size(), std::llround(static_cast<double>(rows) * 0.15));
  }
}

TEST(RandomSplit, EveryRowIsTestedAsOftenAsAnother) {
  constexpr std::uint64_t kSeeds = 2000;
  std::vector<int> tested(20);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const std::size_t row : random_split(20, {0.0, 0.25, seed}).test) ++tested[row];
  }
  for (const int count : tested) EXPECT_NEAR(count, 500, 90);  // over four deviations of 19.4
  EXPECT_EQ(random_split(20, {0.0, 0.25, 3}).test, random_split(20, {0.0, 0.25, 3}).test);
}

TEST(RandomSplit, TheSeedDecidesAndStaysTheSameForEver) {
  const Split split = random_split(12, {0.25, 0.25, 7});
  EXPECT_THAT(split.test, ElementsAre(7, 8, 11));  // fixed when this was written
  EXPECT_THAT(split.validation, ElementsAre(2, 6, 10));
}

TEST(RandomSplit, Errors) {
  EXPECT_EQ(message_of([] {
              random_split(100, {0.5, 0.5, 0});
            }),
            "the validation fraction 0.5 and the test fraction 0.5 leave no rows for training");
  EXPECT_EQ(message_of([] {
              random_split(2, {0.0, 0.2, 0});
            }),
            "2 rows are too few for a test fraction of 0.2: the part would be empty");
  EXPECT_EQ(message_of([] {
              random_split(4, {0.1, 0.2, 0});
            }),
            "4 rows are too few for a validation fraction of 0.1 and a test fraction of 0.2: the "
            "validation part would be empty");
  EXPECT_EQ(message_of([] {
              random_split(2, {0.4, 0.5, 0});
            }),
            "2 rows are too few for a validation fraction of 0.4 and a test fraction of 0.5: the "
            "training part would be empty");
}

TEST(RandomFolds, AreEvenAndSeeded) {
  const auto folds = random_folds(103, 5, 3);
  EXPECT_THAT(fold_sizes(folds, 5), ElementsAre(21, 21, 21, 20, 20));
  EXPECT_EQ(folds, random_folds(103, 5, 3));
  EXPECT_NE(folds, random_folds(103, 5, 4));
  EXPECT_EQ(message_of([] { random_folds(4, 5, 0); }),
            "5 folds of 4 rows: expected at least 2 folds and a row for each");
  EXPECT_EQ(message_of([] { random_folds(4, 1, 0); }),
            "1 folds of 4 rows: expected at least 2 folds and a row for each");
}

TEST(FoldRows, MeasuresOneFoldAndTrainsOnTheRest) {
  const std::vector<std::uint32_t> fold_of_row = {0, 2, 1, 0, 2};
  const Fold round = fold_rows(fold_of_row, 2);
  EXPECT_THAT(round.test, ElementsAre(1, 4));
  EXPECT_THAT(round.train, ElementsAre(0, 2, 3));
}

}  // namespace
}  // namespace ebb::preprocessing
