// What a logistic regression finds important, and what it makes of a table in elimination.
#include "apps/churn/model/column_importance.h"

#include <cmath>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/preprocessing/support.h"

namespace ebb::churn {
namespace {

using preprocessing::number_column;
using preprocessing::Table;
using preprocessing::text_column;
using preprocessing::ThreadCount;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kRows = 2000;

/// The logit is 2 strong + weak + what the plan says, and -1 where "gaps" has no value.
class ColumnImportanceTest : public ::testing::Test {
 protected:
  ColumnImportanceTest() {
    std::mt19937_64 generator(7);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<std::vector<double>> numbers(7);
    std::vector<std::string> plans;
    for (std::size_t row = 0; row < kRows; ++row) {
      const double strong = normal(generator);
      const double weak = normal(generator);
      const bool is_gap = uniform(generator) < 0.3;
      plans.push_back(row % 3 == 0 ? "basic" : row % 3 == 1 ? "gold" : "trial");
      const double logit =
          2.0 * strong + 0.5 * weak + (row % 3 == 2 ? 1.5 : 0.0) - (is_gap ? 1.0 : 0.0);
      labels_.push_back(uniform(generator) < 1.0 / (1.0 + std::exp(-logit)) ? 1.0F : 0.0F);
      const double values[] = {strong, 1000.0 * strong + 5.0,
                               weak,   normal(generator),
                               3.0,    is_gap ? std::nan("") : normal(generator),
                               strong};
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i].push_back(values[i]);
    }
    const char* names[] = {"strong", "grams", "weak", "noise", "constant", "gaps", "copy"};
    for (std::size_t i = 0; i < numbers.size(); ++i)
      table_.add(number_column(names[i], numbers[i]));
    table_.add(text_column("plan", plans));
  }

  preprocessing::ImportanceFunction model(const Table& rows,
                                          std::function<void()> before_fit = {}) const {
    preprocessing::ImportanceSample sample{.rows = rows, .labels = labels_, .folds = {}};
    for (std::size_t row = 0; row < kRows; ++row)
      sample.folds.push_back(static_cast<std::uint32_t>(row / 6 % 2));
    return logistic_importance(5, std::move(before_fit))(sample);
  }
  std::vector<double> importances(const std::vector<std::string>& names) const {
    return model(table_)(names);
  }

  Table table_;
  std::vector<float> labels_;
};

TEST_F(ColumnImportanceTest, OrdersColumnsByWhatTheLossWouldBeWithoutThem) {
  const std::vector<double> found = importances({"strong", "plan", "weak", "gaps", "noise"});
  EXPECT_GT(found[0], 4.0 * found[1]);
  EXPECT_GT(found[1], 0.03);
  EXPECT_GT(found[2], 0.01);
  EXPECT_GT(found[3], 0.01);  // by its indicator
  EXPECT_NEAR(found[4], 0.0, 0.005);
}

TEST_F(ColumnImportanceTest, ManyLevelsWithoutMeaningAreNotImportant) {
  double squares = 0.0;
  constexpr int kTables = 6;
  for (int table = 0; table < kTables; ++table) {
    std::mt19937_64 generator(static_cast<std::uint64_t>(table));
    std::vector<std::string> cities;
    for (std::size_t row = 0; row < kRows; ++row)
      cities.push_back(fmt::format("city {}", generator() % 600));
    Table with_cities = table_;
    with_cities.add(text_column("city", cities));
    const double found = model(with_cities)(std::vector<std::string>{"weak", "city", "strong"})[1];
    squares += found * found / kTables;
  }
  EXPECT_LT(std::sqrt(squares), 0.01);
}

TEST_F(ColumnImportanceTest, DoesNotDependOnUnits) {
  EXPECT_NEAR(importances({"strong", "weak"})[0], importances({"grams", "weak"})[0], 1e-3);
}

TEST_F(ColumnImportanceTest, EqualColumnsShareTheirImportance) {
  const std::vector<double> found = importances({"strong", "copy", "plan"});
  EXPECT_EQ(found[0], found[1]);
  EXPECT_LT(found[0], 0.5 * importances({"strong", "plan"})[0]);
}

TEST_F(ColumnImportanceTest, EliminationKeepsWhatTheLabelFollows) {
  const std::vector<std::string> names = {"noise", "strong", "constant", "plan", "weak", "gaps"};
  const preprocessing::Selection selection =
      preprocessing::eliminate_recursively(names, model(table_), {.keep = 4, .per_round = 1});
  EXPECT_THAT(selection.kept(), ElementsAre("strong", "plan", "weak", "gaps"));
}

TEST_F(ColumnImportanceTest, WhatCanBeNoFeatureHasNone) {
  EXPECT_TRUE(std::isnan(importances({"constant", "weak"})[0]));
  Table constants;
  constants.add(number_column("constant", std::vector<double>(kRows, 1.0)));
  EXPECT_THAT(ebb::testing::message_of([&] { model(constants); }),
              HasSubstr("no column is left to predict from"));
}

TEST_F(ColumnImportanceTest, CanBeEndedBeforeEachFit) {
  struct Ended {};
  int fits = 0;
  const preprocessing::ImportanceFunction function = model(table_, [&] {
    if (++fits == 4) throw Ended();
  });
  const std::vector<std::string> names = {"strong", "weak"};
  EXPECT_EQ(function(names).size(), 2U);
  EXPECT_THROW(function(names), Ended);
  EXPECT_EQ(fits, 4);
}

TEST_F(ColumnImportanceTest, AnyThreadsGiveTheSameBits) {
  const std::vector<std::string> names = {"strong", "grams", "weak", "noise", "gaps", "plan"};
  const auto with = [&](int threads) {
    const ThreadCount count(threads);
    return importances(names);
  };
  const std::vector<double> expected = with(1);
  for (int threads = 2; threads <= 5; ++threads) EXPECT_EQ(with(threads), expected);
}

}  // namespace
}  // namespace ebb::churn
