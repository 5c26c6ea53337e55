// select by importance: what the model is asked, what goes, and what is said of it.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "preprocessing/split/group_split.h"
#include "tests/preprocessing/steps/step_support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The importance of a column is its first number; what the model was given is kept.
class FirstNumbers {
 public:
  ImportanceModel model() {
    return [this](const ImportanceSample& given) {
      sample = given;
      return [this](std::span<const std::string> names) {
        asked.emplace_back(names.begin(), names.end());
        std::vector<double> values;
        for (const std::string& name : names) values.push_back(sample.rows.numbers(name).front());
        return values;
      };
    };
  }

  ImportanceSample sample;
  std::vector<std::vector<std::string>> asked;
};

/// Columns x0 to x11, of which x0 is the least important, and a label; row r is r higher.
class SelectImportantTest : public ::testing::Test {
 protected:
  SelectImportantTest() {
    for (int i = 0; i < 12; ++i) {
      std::vector<double> values;
      for (int row = 0; row < kRows; ++row) values.push_back(i + 100.0 * row);
      table_.add(number_column("x" + std::to_string(i), values));
    }
    for (int row = 0; row < kRows; ++row) labels_.push_back(row % 3 == 0 ? 1.0F : 0.0F);
    std::vector<double> target(labels_.begin(), labels_.end());
    table_.add(number_column("churn", target));
  }

  std::unique_ptr<Step> fit_with(const nlohmann::json& more) {
    nlohmann::json options = {{"rule", "important"}};
    options.update(more);
    const ImportanceModel model = model_.model();
    return fit(declare("select", options), table_,
               {.labels = labels_, .reserved = reserved_, .importance = &model, .seed = 5});
  }

  static constexpr int kRows = 50;
  Table table_;
  std::vector<float> labels_;
  std::vector<std::string> reserved_ = {"churn"};
  FirstNumbers model_;
};

TEST_F(SelectImportantTest, AsksAgainAfterEachRound) {
  const auto step = fit_with({{"most", 9}});  // a tenth of twelve columns is one
  ASSERT_EQ(model_.asked.size(), 4U);
  EXPECT_EQ(model_.asked.front().size(), 12U);
  EXPECT_EQ(model_.asked.back().front(), "x3");
  EXPECT_EQ(table_.names().front(), "x3");
  EXPECT_EQ(table_.names().back(), "churn");
  EXPECT_EQ(
      step->summary(),
      "9 of 12 columns kept by importance; round 1: \"x0\" (0.0000); round 2: \"x1\" (1.0000); "
      "round 3: \"x2\" (2.0000)");
  EXPECT_EQ(through_json(*step)->summary(), step->summary());
}

TEST_F(SelectImportantTest, SeveralColumnsGoInARound) {
  const auto step = fit_with({{"most", 1}, {"per_round", 4}, {"except", {"x1*"}}});
  EXPECT_EQ(model_.asked.front().size(), 9U);  // not x1, x10 and x11
  EXPECT_THAT(table_.names(), ElementsAre("x1", "x9", "x10", "x11", "churn"));
  EXPECT_THAT(
      step->summary(),
      HasSubstr("round 2: \"x5\" (5.0000), \"x6\" (6.0000), \"x7\" (7.0000), \"x8\" (8.0000)"));
  const nlohmann::json columns = step->to_json()["selection"]["columns"];
  EXPECT_EQ(columns[0]["round"], 1);
  EXPECT_EQ(columns[0]["reason"], "the least important of 9 in round 1");
  EXPECT_FALSE(columns[8].contains("round"));
}

TEST_F(SelectImportantTest, TheModelGetsSomeRowsWithTheirLabelsAndTheColumnsAlone) {
  fit_with({{"most", 2}, {"most_rows", 20}, {"columns", {"x3", "x4", "x5"}}});
  EXPECT_THAT(model_.sample.rows.names(), ElementsAre("x3", "x4", "x5"));
  ASSERT_EQ(model_.sample.labels.size(), 20U);
  const std::vector<double>& values = model_.sample.rows.numbers("x3");
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto row = static_cast<std::size_t>(values[i] / 100.0);
    EXPECT_EQ(model_.sample.labels[i], labels_[row]);
  }
}

TEST_F(SelectImportantTest, RowsOfACustomerLieInOneFold) {
  Groups groups{.of_row = {}, .count = kRows / 5};
  for (std::uint32_t row = 0; row < kRows; ++row) groups.of_row.push_back(row / 5);
  const ImportanceModel model = model_.model();
  fit(declare("select", {{"rule", "important"}, {"most", 11}}), table_,
      {.labels = labels_, .reserved = reserved_, .groups = &groups, .importance = &model});
  const std::vector<std::uint32_t>& folds = model_.sample.folds;
  ASSERT_EQ(folds.size(), std::size_t{kRows});
  for (std::size_t row = 0; row < folds.size(); ++row) EXPECT_EQ(folds[row], folds[row / 5 * 5]);
  EXPECT_THAT(folds, AllOf(Contains(0U), Contains(1U)));
}

TEST_F(SelectImportantTest, WhatIsMissingIsRefused) {
  const auto refused = [&](const nlohmann::json& options) {
    return message_of([&] { fit_with(options); });
  };
  EXPECT_THAT(refused(nlohmann::json::object()),
              AllOf(HasSubstr("steps.toml:3:1: step \"select\""),
                    HasSubstr("expected most: how many columns to keep")));
  EXPECT_THAT(refused({{"most", 0}}), HasSubstr("most: 0, expected at least 1"));
  EXPECT_THAT(refused({{"most", 1}, {"per_round", 0}}), HasSubstr("per_round: 0, expected"));
  EXPECT_THAT(refused({{"most", 1}, {"least", 2}}), HasSubstr("unknown option \"least\""));
  const nlohmann::json options = {{"rule", "important"}, {"most", 1}};
  EXPECT_THAT(refusal(declare("select", options), table_, {.labels = labels_}),
              HasSubstr("there is no model here"));
  EXPECT_THAT(refusal(declare("select", options), table_), HasSubstr("there is no target"));
}

}  // namespace
}  // namespace ebb::preprocessing
