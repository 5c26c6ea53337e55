// Declared steps between the customer table and the features: what they see of the split.
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
using preprocessing::StepDeclaration;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class PrepareStepsTest : public ::testing::Test {
 protected:
  PrepareStepsTest() { config_.data.target = "churn"; }

  PreparedData prepare(const std::string& text) {
    config_.data.path = folder_.write("customers.csv", text);
    return prepare_data(config_);
  }

  TemporaryFolder folder_;
  RunConfig config_;
};

/// 100 customers of eight months each, who have a city of their own and one label.
std::string panel() {
  std::string text = "customer,month,city,spend,churn\n";
  for (int customer = 0; customer < 100; ++customer) {
    for (int month = 1; month <= 8; ++month) {
      text += fmt::format("c{},{},city {},{},{}\n", customer, month, customer,
                          (customer * 31 + month * 17) % 97, customer % 3 == 0 ? "yes" : "no");
    }
  }
  return text;
}

/// How many different encodings the training rows have. Of cities that no other customer has it is
/// one for each fold, the mean of the others.
std::size_t count_encodings(const PreparedData& data) {
  const std::vector<std::string> names = data.pipeline.number_names();
  const auto place =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), "city") - names.begin());
  std::set<float> values;
  const preprocessing::EncodedRows& rows = data.train.features;
  for (std::size_t row = 0; row < rows.rows; ++row)
    values.insert(rows.numbers[row * rows.number_count + place]);
  return values.size();
}

TEST_F(PrepareStepsTest, TargetEncodingDoesNotSeeAnotherRowOfTheGroup) {
  config_.preprocessing.steps = {
      {"encode", {{"method", "target"}, {"columns", {"city"}}}, "t.toml:1"}};
  config_.split.group = "customer";
  EXPECT_LE(count_encodings(prepare(panel())), 5U);
}

TEST_F(PrepareStepsTest, TargetEncodingDoesNotSeeAnotherRowOfTheCustomer) {
  config_.preprocessing.steps = {
      {"encode", {{"method", "target"}, {"columns", {"city"}}}, "t.toml:1"}};
  config_.data.id_column = "customer";
  config_.split.time = "month";
  EXPECT_LE(count_encodings(prepare(panel())), 5U);
  // A row without a number stands for itself: what it says of its city the others of it may know.
  EXPECT_LE(count_encodings(prepare(panel() + ",3,city 7,55,no\n")), 10U);
}

/// 500 customers, in thirds to train on, to validate and to test; what the label of a third
/// follows.
std::string thirds(const std::string& training, const std::string& others) {
  std::string text = "a,b,c,part,churn\n";
  for (int i = 0; i < 500; ++i) {
    const int values[] = {i * 37 % 101, i * 53 % 97, i * 71 % 89};
    const std::string& followed = i % 3 == 0 ? training : others;
    text += fmt::format("{}.5,{}.5,{}.5,{},{}\n", values[0], values[1], values[2],
                        i % 3 == 0   ? "train"
                        : i % 3 == 1 ? "val"
                                     : "test",
                        values[followed[0] - 'a'] + i % 7 * 4 > 50 ? "yes" : "no");
  }
  return text;
}

TEST_F(PrepareStepsTest, EliminationSeesTrainingRowsAlone) {
  config_.preprocessing.steps = {{"select", {{"rule", "important"}, {"most", 1}}, "t.toml:1"}};
  config_.split.column = "part";
  const PreparedData data = prepare(thirds("b", "a"));
  EXPECT_THAT(data.pipeline.number_names(), ElementsAre("b"));
  EXPECT_EQ(prepare(thirds("b", "c")).pipeline.steps(), data.pipeline.steps());
  EXPECT_THAT(prepare(thirds("c", "a")).pipeline.number_names(), ElementsAre("c"));
}

TEST_F(PrepareStepsTest, AStepMayMakeTheOnlyFeature) {
  config_.preprocessing.steps = {
      {"date", {{"columns", {"since"}}, {"parts", {"days"}}}, "t.toml:1"}};
  std::string text = "since,churn\n";
  for (int i = 0; i < 300; ++i) {
    text +=
        fmt::format("20{:02}-{:02}-{:02},{}\n", i / 28 / 12, 1 + i / 28 % 12, 1 + i % 28, i % 2);
  }
  EXPECT_THAT(prepare(text).pipeline.number_names(), ElementsAre("since days"));
  EXPECT_THAT(prepare_table(config_).pipeline.number_names(), ElementsAre("since days"));
}

TEST_F(PrepareStepsTest, SettingsAreOfTheColumnsAfterTheSteps) {
  config_.preprocessing.steps = {
      {"derive", {{"operation", "sum"}, {"of", {"spend", "month"}}, {"name", "sum"}}, "t.toml:1"},
      {"drop", {{"columns", {"spend", "city", "customer"}}}, "t.toml:2"}};
  config_.preprocessing.number_columns["sum"] = {.scaling = preprocessing::Scaling::robust};
  const PreparedData data = prepare(panel());
  ASSERT_THAT(data.pipeline.number_names(), UnorderedElementsAre("month", "sum"));
  for (const preprocessing::NumberFeature& feature : data.pipeline.numbers()) {
    EXPECT_EQ(feature.scaler.scaling() == preprocessing::Scaling::robust, feature.name == "sum");
  }
  config_.preprocessing.number_columns["spend"] = {};
  EXPECT_THAT(message_of<DataError>([&] { prepare(panel()); }),
              HasSubstr("number_columns: there is no column \"spend\" after the steps"));
}

}  // namespace
}  // namespace ebb::churn
