#include "apps/churn/fusion/combination.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ebb::testing::test_json;
using ::testing::HasSubstr;
using Thresholds = std::vector<double>;

double log_loss(const std::vector<float>& scores, const std::vector<float>& labels) {
  double sum = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const double p = labels[row] == 1.0F ? double{scores[row]} : 1 - double{scores[row]};
    sum -= std::log(p) / static_cast<double>(labels.size());
  }
  return sum;
}

TEST(Combination, WeightsEqualSciPys) {
  const nlohmann::json fixture = test_json("fusion.json");
  for (const nlohmann::json& expected : fixture["cases"]) {
    const auto scores = expected["scores"].get<MemberScores>();
    const auto labels = expected["labels"].get<std::vector<float>>();
    const Combination found = Combination::fit(CombinationMethod::weighted,
                                               Thresholds(scores.size(), 0.5), scores, labels);
    double sum = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(found.weights()[i], expected["weights"][i].get<double>(), 1e-5) << i;
      EXPECT_GE(found.weights()[i], 0.0);
      sum += found.weights()[i];
    }
    EXPECT_NEAR(sum, 1.0, 1e-12);
    EXPECT_NEAR(log_loss(found.apply(scores), labels), expected["loss"].get<double>(), 1e-7);
  }
}

TEST(Combination, StackingEqualsScikitLearns) {
  const nlohmann::json fixture = test_json("fusion.json");
  for (const nlohmann::json& expected : fixture["cases"]) {
    const auto scores = expected["scores"].get<MemberScores>();
    const auto labels = expected["labels"].get<std::vector<float>>();
    const Combination found = Combination::fit(CombinationMethod::stacking,
                                               Thresholds(scores.size(), 0.5), scores, labels);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(found.weights()[i], expected["stacking"][i].get<double>(), 1e-5) << i;
    }
    EXPECT_NEAR(found.intercept(), expected["intercept"].get<double>(), 1e-5);
  }
}

TEST(Combination, AMemberThatKnowsNothingGetsNoWeight) {
  const std::vector<float> labels = {1, 0, 1, 0, 0, 0};
  const MemberScores scores = {{0.9F, 0.2F, 0.8F, 0.1F, 0.3F, 0.2F},
                               {0.1F, 0.7F, 0.2F, 0.9F, 0.6F, 0.8F}};
  const Combination found =
      Combination::fit(CombinationMethod::weighted, {0.5, 0.5}, scores, labels);
  EXPECT_NEAR(found.weights()[0], 1.0, 1e-9);
  EXPECT_EQ(found.weights()[1], 0.0);
}

TEST(Combination, FollowsTheFormulas) {
  const std::vector<float> three = {0.2F, 0.5F, 0.9F};
  const auto with = [&](CombinationMethod method) {
    return Combination::unfitted(method, {0.5, 0.4, 0.6}).apply(three);
  };
  EXPECT_FLOAT_EQ(with(CombinationMethod::mean), 1.6F / 3);
  EXPECT_FLOAT_EQ(with(CombinationMethod::median), 0.5F);
  const double odds = std::cbrt(0.25 * 1.0 * 9.0);
  EXPECT_NEAR(with(CombinationMethod::log_odds_mean), odds / (1 + odds), 1e-6);
  EXPECT_FLOAT_EQ(Combination::unfitted(CombinationMethod::median, {0.5, 0.5})
                      .apply(std::vector<float>{0.2F, 0.6F}),
                  0.4F);
  // A lone member's probability stays as it is, to the bit.
  for (const float p : {0.1F, 0.333333F, 1.0F, 0.0F}) {
    EXPECT_EQ(Combination().apply(std::vector<float>{p}), p);
  }
}

TEST(Combination, TheMajorityDecides) {
  const Combination votes = Combination::unfitted(CombinationMethod::majority, {0.5, 0.4, 0.6});
  EXPECT_GE(votes.apply(std::vector<float>{0.5F, 0.4F, 0.1F}), 0.5F);
  EXPECT_LT(votes.apply(std::vector<float>{0.49F, 0.39F, 0.99F}), 0.5F);
  // Of equal votes, the mean probability keeps an order.
  EXPECT_LT(votes.apply(std::vector<float>{0.6F, 0.5F, 0.1F}),
            votes.apply(std::vector<float>{0.9F, 0.5F, 0.1F}));
  // A tie goes by the mean probability.
  const Combination two = Combination::unfitted(CombinationMethod::majority, {0.5, 0.5});
  EXPECT_GE(two.apply(std::vector<float>{0.9F, 0.4F}), 0.5F);
  EXPECT_LT(two.apply(std::vector<float>{0.6F, 0.1F}), 0.5F);
}

TEST(Combination, SurvivesJson) {
  const nlohmann::json fixture = test_json("fusion.json");
  const auto scores = fixture["cases"][0]["scores"].get<MemberScores>();
  const auto labels = fixture["cases"][0]["labels"].get<std::vector<float>>();
  for (const CombinationMethod method : kCombinationMethods) {
    const Combination saved = Combination::fit(method, {0.5, 0.4, 0.6}, scores, labels);
    const nlohmann::json json = nlohmann::json::parse(saved.to_json().dump());
    EXPECT_EQ(Combination::from_json(preprocessing::JsonReader(json, "", "")), saved)
        << to_string(method);
    EXPECT_EQ(parse_combination_method(to_string(method)), method);
  }
  const auto refusal = [](const char* text) {
    const nlohmann::json json = nlohmann::json::parse(text);
    return message_of<DataError>(
        [&] { Combination::from_json(preprocessing::JsonReader(json, "", "")); });
  };
  EXPECT_THAT(refusal(R"({"method":"luck","thresholds":[0.5]})"), HasSubstr("\"luck\""));
  EXPECT_THAT(refusal(R"({"method":"mean","thresholds":[]})"), HasSubstr("one per member"));
  EXPECT_THAT(refusal(R"({"method":"mean","thresholds":[1.5]})"),
              HasSubstr("1.5, expected 0 to 1"));
  EXPECT_THAT(refusal(R"({"method":"weighted","thresholds":[0.5],"weights":[0.5,0.5]})"),
              HasSubstr("2 weights of 1 members"));
  EXPECT_THAT(refusal(R"({"method":"weighted","thresholds":[0.5],"weights":[-1]})"),
              HasSubstr("expected 0 to 1"));
}

TEST(Combination, RefusesScoresThatDoNotFit) {
  EXPECT_THROW(Combination::fit(CombinationMethod::weighted, {0.5, 0.5}, {{0.1F}, {0.2F, 0.3F}},
                                std::vector<float>{1}),
               Error);
  EXPECT_THROW(Combination::fit(CombinationMethod::weighted, {0.5}, {{}}, std::vector<float>{}),
               Error);
  EXPECT_THROW(Combination::unfitted(CombinationMethod::stacking, {0.5}), Error);
  EXPECT_THROW(Combination::unfitted(CombinationMethod::mean, {}), Error);
  EXPECT_THROW((void)Combination().apply(std::vector<float>{0.1F, 0.2F}), Error);
}

}  // namespace
}  // namespace ebb::churn
