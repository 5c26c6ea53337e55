#include "preprocessing/split/stratified_split.h"

#include "tests/preprocessing/split/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(StratifiedSplit, PartsAreDisjointExactAndStratified) {
  for (const auto& [negatives, positives] : {std::pair{735, 265}, {51, 50}, {4293, 707}, {20, 7}}) {
    const auto labels =
        labels_of(static_cast<std::size_t>(negatives), static_cast<std::size_t>(positives));
    const Split split = stratified_split(labels, {0.15, 0.2, 5});
    const auto rows = static_cast<double>(labels.size());
    EXPECT_EQ(split.test.size(), static_cast<std::size_t>(std::llround(rows * 0.2)));
    EXPECT_EQ(split.validation.size(), static_cast<std::size_t>(std::llround(rows * 0.15)));
    EXPECT_NEAR(static_cast<double>(positives_in(split.test, labels)), positives * 0.2, 1.0);
    EXPECT_NEAR(static_cast<double>(positives_in(split.validation, labels)), positives * 0.15, 1.0);
    expect_partition(split, labels.size());
  }
}

TEST(StratifiedSplit, TheSeedDecidesAndStaysTheSameForEver) {
  const std::vector<float> labels = {0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0};
  const Split split = stratified_split(labels, {0.25, 0.25, 7});
  EXPECT_EQ(split.test, stratified_split(labels, {0.25, 0.25, 7}).test);
  // Fixed when the generator was chosen: saved models name rows by seed alone.
  EXPECT_THAT(split.test, ElementsAre(7, 9, 11));
  EXPECT_THAT(split.validation, ElementsAre(2, 6, 10));
  int differing = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    differing += stratified_split(labels, {0.25, 0.25, seed}).test != split.test ? 1 : 0;
  }
  EXPECT_GT(differing, 15);
}

TEST(StratifiedSplit, NoTestRowsWhenNoneAreAskedFor) {
  const Split split = stratified_split(labels_of(80, 20), {0.2, 0.0, 1});
  EXPECT_TRUE(split.test.empty());
  EXPECT_EQ(split.validation.size(), 20U);
}

TEST(StratifiedSplit, Errors) {
  const auto message = [](const std::vector<float>& labels, const SplitOptions& options) {
    return message_of([&] { stratified_split(labels, options); });
  };
  EXPECT_EQ(message(labels_of(80, 20), {1.2, 0.0, 0}),
            "the validation fraction is 1.2: expected at least 0 and below 1");
  EXPECT_EQ(message(labels_of(80, 20), {0.0, std::nan(""), 0}),
            "the test fraction is nan: expected at least 0 and below 1");
  EXPECT_EQ(message(labels_of(80, 20), {0.5, 0.5, 0}),
            "the validation fraction 0.5 and the test fraction 0.5 leave no rows for training");
  EXPECT_EQ(message(labels_of(1, 1), {0.0, 0.2, 0}),
            "2 rows are too few for a test fraction of 0.2: the part would be empty");
  EXPECT_THAT(message(labels_of(50, 0), {0.2, 0.2, 0}),
              HasSubstr("the 30 training rows hold 0 positive and 30 negative labels"));
  // Of one positive row, both parts would get the rounded-up half.
  EXPECT_THAT(message(labels_of(7, 1), {0.45, 0.45, 0}),
              HasSubstr("training rows hold 0 positive"));
  EXPECT_THAT(message(labels_of(2, 2), {0.1, 0.0, 0}),
              HasSubstr("there are no validation rows among 4"));
}

TEST(StratifiedFolds, AreEvenInSizeAndClass) {
  const auto labels = labels_of(73, 28);
  const auto folds = stratified_folds(labels, 5, 3);
  std::vector<int> sizes(5);
  std::vector<int> positives(5);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    ++sizes[folds[row]];
    positives[folds[row]] += labels[row] > 0.5F ? 1 : 0;
  }
  for (int fold = 0; fold < 5; ++fold) {
    EXPECT_NEAR(sizes[static_cast<std::size_t>(fold)], 20.2, 1.0);
    EXPECT_NEAR(positives[static_cast<std::size_t>(fold)], 5.6, 1.0);
  }
  EXPECT_THAT(message_of([] { stratified_folds(labels_of(20, 3), 5, 0); }),
              HasSubstr("5 folds of 23 rows, 3 in the smaller class"));
}

}  // namespace
}  // namespace ebb::preprocessing
