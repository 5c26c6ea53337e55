#include "apps/churn/data/split_customers.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/data/prepared_data.h"
#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ebb::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// 120 visits of 40 customers, three each, on 24 days of five visits; spend is the visit's number
/// and a half.
class SplitCustomersTest : public ::testing::Test {
 protected:
  SplitCustomersTest() {
    config_.data.target = "churn";
    config_.preprocessing.numbers.scaling = preprocessing::Scaling::none;
    config_.preprocessing.numbers.indicator = preprocessing::MissingIndicator::never;
  }

  static std::string line(int i) {
    return fmt::format("c{},2024-03-{:02},{},{}.5,{}\n", i * 7 % 40, 1 + i / 5, 100 + i / 5, i,
                       i % 4 == 1 ? "yes" : "no");
  }

  static std::string visits(int begin, int end) {
    std::string text = "customer,day,period,spend,churn\n";
    for (int i = begin; i < end; ++i) text += line(i);
    return text;
  }

  PreparedData prepare(const std::string& text = visits(0, 120)) {
    config_.data.path = folder_.write("visits.csv", text);
    return prepare_data(config_);
  }

  std::string refusal(const std::string& text = visits(0, 120)) {
    config_.data.path = folder_.write("visits.csv", text);
    return message_of<DataError>([&] { prepare_data(config_); });
  }

  /// The visits in a part: spend is its first number.
  static std::set<int> visits_in(const LabelledRows& part) {
    std::set<int> found;
    for (std::size_t row = 0; row < part.rows(); ++row) {
      found.insert(static_cast<int>(part.features.numbers[row * part.features.number_count]));
    }
    return found;
  }

  TemporaryFolder folder_;
  RunConfig config_;
};

TEST_F(SplitCustomersTest, RowsOfOneGroupStayTogether) {
  config_.data.drop_columns = {"day", "period"};
  config_.split.group = "customer";
  const PreparedData data = prepare();
  std::set<int> seen;
  std::size_t groups = 0;
  for (const LabelledRows* part : {&data.train, &data.validation, &data.test}) {
    std::set<int> customers;
    for (const int visit : visits_in(*part)) customers.insert(visit * 7 % 40);
    seen.insert(customers.begin(), customers.end());
    groups += customers.size();
    EXPECT_EQ(part->rows(), 3 * customers.size());
  }
  EXPECT_EQ(groups, 40U);
  EXPECT_EQ(seen.size(), 40U);
  EXPECT_EQ(data.test.rows(), 24U);
  EXPECT_EQ(data.validation.rows(), 15U);  // 18 wanted, of 1.5 customers who leave
  EXPECT_EQ(data.split,
            "by group, column \"customer\": 27 train, 5 validate, 8 test of 40 groups; \"yes\" are "
            "25.9 %, 20.0 %, 25.0 %");
  // A name like that of no identifier would have made it a category.
  EXPECT_THAT(data.pipeline.category_names(), IsEmpty());
  EXPECT_EQ(data.columns.at(0).role, ColumnRole::split);
  // The same for the same seed alone.
  EXPECT_EQ(visits_in(prepare().test), visits_in(data.test));
  config_.training.seed = 1;
  EXPECT_NE(visits_in(prepare().test), visits_in(data.test));
}

TEST_F(SplitCustomersTest, RepeatedCustomersAreAdvisedToBeAGroup) {
  config_.data.id_column = "customer";
  EXPECT_THAT(prepare().notes,
              Contains(AllOf(HasSubstr("80 rows repeat an id of column \"customer\""),
                             HasSubstr("--split-group customer keeps them together"))));
  config_.split.group = "customer";
  EXPECT_THAT(prepare().notes, Not(Contains(HasSubstr("repeat an id"))));
}

TEST_F(SplitCustomersTest, EarlierRowsTrain) {
  config_.data.drop_columns = {"customer", "period"};
  config_.split.time = "day";
  // The order of rows is not that of time.
  std::string text = "customer,day,period,spend,churn\n";
  for (int i = 0; i < 120; ++i) text += line(i * 77 % 120);
  const PreparedData data = prepare(text);
  EXPECT_EQ(*visits_in(data.train).rbegin(), 79);
  EXPECT_EQ(*visits_in(data.validation).begin(), 80);
  EXPECT_EQ(*visits_in(data.validation).rbegin(), 94);
  EXPECT_EQ(data.test.rows(), 25U);  // 24 wanted, 5 a day
  EXPECT_EQ(data.split,
            "by time, column \"day\": 2024-03-01 to 2024-03-16 train, 2024-03-17 to 2024-03-19 "
            "validate, 2024-03-20 to 2024-03-24 test; \"yes\" are 25.0 %, 26.7 %, 24.0 %");
  EXPECT_THAT(data.pipeline.category_names(), IsEmpty());
  EXPECT_EQ(data.columns.at(1).role, ColumnRole::split);
  // Numbers are times as well, and by default no features.
  config_.split.time = "period";
  config_.data.drop_columns = {"customer", "day"};
  EXPECT_EQ(visits_in(prepare(text).test), visits_in(data.test));
  EXPECT_THAT(prepare(text).pipeline.number_names(), ::testing::ElementsAre("spend"));
}

TEST_F(SplitCustomersTest, ADeclaredColumnIsAFeatureAllTheSame) {
  config_.split.time = "period";
  config_.data.columns = {{"period", preprocessing::DeclaredKind::number}};
  const PreparedData by_time = prepare();
  EXPECT_THAT(by_time.pipeline.number_names(), Contains("period"));
  EXPECT_EQ(by_time.columns.at(2).role, ColumnRole::number_feature);
  config_.split = {.group = "customer"};
  config_.data.columns = {{"customer", preprocessing::DeclaredKind::category}};
  EXPECT_THAT(prepare().pipeline.category_names(), Contains("customer"));
  config_.data.columns = {{"customer", preprocessing::DeclaredKind::identifier}};
  EXPECT_THAT(prepare().pipeline.category_names(), Not(Contains("customer")));
}

TEST_F(SplitCustomersTest, OtherWaysAreDescribedToo) {
  EXPECT_EQ(prepare().split, "at random, stratified by label; \"yes\" are 25.6 %, 22.2 %, 25.0 %");
  std::string text = "part,spend,churn\n";
  for (int i = 0; i < 40; ++i) {
    text += fmt::format("{},{}.5,{}\n", i % 2 == 0 ? "train" : "val", i, i % 3 == 0 ? "yes" : "no");
  }
  config_.split.column = "part";
  EXPECT_EQ(prepare(text).split, "as column \"part\" says; \"yes\" are 35.0 %, 35.0 %");
}

TEST_F(SplitCustomersTest, ATestTableLeavesTrainingAndValidationToSplit) {
  config_.data.drop_columns = {"period"};
  config_.split.test_data = folder_.write("test.csv", visits(100, 120));
  config_.split.time = "day";
  const PreparedData by_time = prepare(visits(0, 100));
  EXPECT_EQ(by_time.test.rows(), 20U);
  EXPECT_EQ(by_time.validation.rows(), 15U);
  EXPECT_EQ(*visits_in(by_time.validation).begin(), 85);
  config_.split.time.clear();
  config_.split.group = "customer";
  EXPECT_THAT(prepare(visits(0, 100)).notes,
              Contains(AllOf(HasSubstr("20 rows of the test table"),
                             HasSubstr("belong to a group of column \"customer\" that is also "
                                       "trained on"))));
  const std::string others = visits(40, 60);  // not the customers of the test table
  EXPECT_THAT(prepare(visits(0, 20) + others.substr(others.find('\n') + 1)).notes,
              Not(Contains(HasSubstr("of the test table"))));
}

TEST_F(SplitCustomersTest, ColumnsThatCannotSplitAreNamed) {
  config_.split.group = "custommer";
  EXPECT_THAT(refusal(),
              HasSubstr("visits.csv: there is no column \"custommer\", which split.group "
                        "names. Did you mean \"customer\"?"));
  config_.split = {.time = "days"};
  EXPECT_THAT(refusal(), HasSubstr("no column \"days\", which split.time names."));
  config_.split = {.group = "customer"};
  EXPECT_THAT(refusal(visits(0, 30) + ",2024-03-30,5,5,no\n"),
              HasSubstr("visits.csv:32: column \"customer\" groups the rows, and its value is"));
  EXPECT_THAT(refusal("customer,spend,churn\na,1,yes\nb,2,no\na,3,no\nb,4,yes\n"),
              HasSubstr("visits.csv: splitting by column \"customer\": 2 groups cannot be split "
                        "into 3 parts"));
  config_.split = {.time = "day"};
  EXPECT_THAT(refusal(visits(0, 30) + "c1,,5,5,no\n"),
              HasSubstr("visits.csv:32: column \"day\" orders the rows by time, and its value is"));
  EXPECT_THAT(refusal(visits(0, 30) + "c1,30.3.2024,5,5,no\n"),
              HasSubstr("visits.csv:32: column \"day\" orders the rows by time and holds"));
  EXPECT_THAT(refusal(visits(0, 5)),
              HasSubstr("splitting by column \"day\": all 5 rows have one time"));
  EXPECT_THAT(refusal(visits(0, 6)), HasSubstr("2 distinct times cannot be cut into 3 parts"));
  std::string leaves_late = "day,spend,churn\n";
  for (int i = 0; i < 40; ++i) {
    leaves_late += fmt::format("{},{}.5,{}\n", i, i % 7, i > 35 ? "yes" : "no");
  }
  EXPECT_THAT(refusal(leaves_late),
              HasSubstr("splitting by column \"day\": the 26 training rows hold 0 positive"));
}

}  // namespace
}  // namespace ebb::churn
