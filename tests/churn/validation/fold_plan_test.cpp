#include "apps/churn/validation/fold_plan.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb::churn {
namespace {

using ::testing::HasSubstr;

/// 120 visits of 40 customers, on 24 days.
class FoldPlanTest : public ::testing::Test {
 protected:
  FoldPlanTest() {
    std::string text = "customer,day,spend,churn\n";
    for (int i = 0; i < 120; ++i) {
      text += fmt::format("c{},2024-03-{:02},{}.5,{}\n", i * 7 % 40, 1 + i / 5, i,
                          i % 4 == 1 ? "yes" : "no");
    }
    config_.data.path = folder_.write("visits.csv", text);
    config_.data.target = "churn";
  }

  std::vector<FoldRows> plan(const FoldOptions& options) {
    customers_ = read_labelled_customers(config_);
    return plan_folds(customers_, config_, options);
  }

  std::string refusal(const FoldOptions& options) {
    return ebb::testing::message_of<DataError>([&] { plan(options); });
  }

  [[nodiscard]] std::set<std::string> values(std::span<const std::size_t> rows,
                                             const char* column) const {
    std::set<std::string> found;
    for (const std::size_t row : rows) found.insert(customers_.table.column(column).text(row));
    return found;
  }

  [[nodiscard]] std::size_t leavers(std::span<const std::size_t> rows) const {
    return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](std::size_t row) {
      return customers_.labels.values[row] == 1.0F;
    }));
  }

  ebb::testing::TemporaryFolder folder_;
  RunConfig config_;
  LabelledCustomers customers_;
};

std::vector<std::size_t> all_rows_of(const preprocessing::Split& split) {
  std::vector<std::size_t> rows = split.train;
  rows.insert(rows.end(), split.validation.begin(), split.validation.end());
  rows.insert(rows.end(), split.test.begin(), split.test.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST_F(FoldPlanTest, EachRowIsMeasuredOncePerRepeatAndNeverTrainedOnThen) {
  std::vector<std::size_t> every(120);
  std::iota(every.begin(), every.end(), std::size_t{0});
  for (const FoldKind kind : {FoldKind::stratified, FoldKind::random, FoldKind::group}) {
    config_.split.group = kind == FoldKind::group ? "customer" : "";
    const std::vector<FoldRows> rounds = plan({kind, 5, 2});
    ASSERT_EQ(rounds.size(), 10U);
    std::vector<std::vector<std::size_t>> measured(2);
    for (const FoldRows& round : rounds) {
      EXPECT_EQ(all_rows_of(round.rows), every) << to_string(kind);  // disjoint, and all
      EXPECT_NEAR(static_cast<double>(round.rows.validation.size()), 0.15 * 96, 3);
      std::vector<std::size_t>& of_repeat = measured[round.repeat];
      of_repeat.insert(of_repeat.end(), round.rows.test.begin(), round.rows.test.end());
    }
    for (std::vector<std::size_t>& rows : measured) {
      std::sort(rows.begin(), rows.end());
      EXPECT_EQ(rows, every) << to_string(kind);
    }
    EXPECT_NE(rounds[0].rows.test, rounds[5].rows.test) << to_string(kind);
  }
}

TEST_F(FoldPlanTest, StratifiedFoldsShareOutTheLeavers) {
  for (const FoldRows& round : plan({FoldKind::stratified, 5, 1})) {
    EXPECT_EQ(leavers(round.rows.test), 6U);
    EXPECT_NEAR(static_cast<double>(leavers(round.rows.validation)),
                static_cast<double>(round.rows.validation.size()) / 4, 1);
  }
}

TEST_F(FoldPlanTest, NoGroupIsOnTwoSides) {
  config_.split.group = "customer";
  EXPECT_EQ(natural_fold_kind(config_.split), FoldKind::group);
  for (const FoldRows& round : plan({FoldKind::group, 4, 1})) {
    const std::set<std::string> train = values(round.rows.train, "customer");
    const std::set<std::string> validation = values(round.rows.validation, "customer");
    const std::set<std::string> test = values(round.rows.test, "customer");
    EXPECT_EQ(train.size() + validation.size() + test.size(), 40U);
  }
}

TEST_F(FoldPlanTest, ByTimeOnlyEarlierRowsTrain) {
  config_.split.time = "day";
  EXPECT_EQ(natural_fold_kind(config_.split), FoldKind::time);
  const std::vector<FoldRows> rounds = plan({FoldKind::time, 3, 1});
  ASSERT_EQ(rounds.size(), 3U);
  for (const FoldRows& round : rounds) {
    EXPECT_LT(*values(round.rows.train, "day").rbegin(),
              *values(round.rows.validation, "day").begin());
    EXPECT_LT(*values(round.rows.validation, "day").rbegin(),
              *values(round.rows.test, "day").begin());
  }
}

TEST_F(FoldPlanTest, RefusesWhatIsNoPlan) {
  EXPECT_THAT(refusal({FoldKind::group, 5, 1}), HasSubstr("need split.group"));
  EXPECT_THAT(refusal({FoldKind::time, 5, 1}), HasSubstr("need split.time"));
  EXPECT_THAT(refusal({FoldKind::stratified, 31, 1}), HasSubstr("31"));
  EXPECT_THAT(refusal({FoldKind::stratified, 5, 0}), HasSubstr("expected at least 1"));
  config_.split.time = "day";
  EXPECT_THAT(refusal({FoldKind::time, 5, 2}), HasSubstr("2 repeats by time"));
  EXPECT_THROW(parse_fold_kind("leave-one-out"), DataError);
}

}  // namespace
}  // namespace ebb::churn
