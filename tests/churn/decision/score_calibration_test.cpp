#include "apps/churn/decision/score_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/metrics/calibration.h"
#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ::testing::HasSubstr;
using Floats = std::vector<float>;
using Method = CalibrationMethod;

constexpr std::array kFitted = {Method::temperature, Method::platt, Method::isotonic};

ScoreCalibration restored(const nlohmann::json& json) {
  return ScoreCalibration::from_json(preprocessing::JsonReader(json, "", ""));
}

/// Scores that are too sure: their logits are three times those of the labels.
struct Sample {
  Floats scores;
  Floats labels;

  explicit Sample(std::size_t rows) {
    for (std::size_t row = 0; row < rows; ++row) {
      const double p = (static_cast<double>(row) + 0.5) / static_cast<double>(rows);
      scores.push_back(static_cast<float>(1 / (1 + std::pow((1 - p) / p, 3.0))));
      labels.push_back(
          static_cast<double>(row * 7919 % rows) < p * static_cast<double>(rows) ? 1.0F : 0.0F);
    }
  }
  [[nodiscard]] ScoredRows rows() const { return {scores, labels}; }
};

TEST(ScoreCalibration, AgreesWithScikitLearn) {
  const nlohmann::json fixture = ebb::testing::test_json("calibration.json");
  const Floats queries = fixture.at("queries");
  for (const nlohmann::json& item : fixture.at("cases")) {
    const Floats scores = item.at("scores");
    const Floats labels = item.at("labels");
    for (const Method method : kFitted) {
      const ScoreCalibration calibration = ScoreCalibration::fit({scores, labels}, method);
      const std::vector<double> expected = item.at(std::string(to_string(method)));
      for (std::size_t i = 0; i < queries.size(); ++i) {
        // scikit-learn's optimiser stops at a gradient of 1e-6 or so; isotonic steps are exact.
        EXPECT_NEAR(calibration.apply(queries[i]), expected[i],
                    method == Method::isotonic ? 1e-7 : 2e-4)
            << to_string(method) << " of " << queries[i];
      }
    }
  }
}

TEST(ScoreCalibration, BringsProbabilitiesToWhatHappened) {
  const Sample sample(5000);
  for (const Method method : kFitted) {
    Floats scores = sample.scores;
    ScoreCalibration::fit(sample.rows(), method).apply(scores);
    EXPECT_LT(log_loss({scores, sample.labels}), 0.85 * log_loss(sample.rows()))
        << to_string(method);
    EXPECT_LT(expected_calibration_error({scores, sample.labels}),
              0.5 * expected_calibration_error(sample.rows()))
        << to_string(method);
  }
}

TEST(ScoreCalibration, KeepsTheOrder) {
  const Sample sample(500);
  for (const Method method : kFitted) {
    Floats scores = {0.0F, 1e-30F, 1e-3F, 0.3F, 0.31F, 0.5F, 0.9F, 0.99999F, 1.0F};
    ScoreCalibration::fit(sample.rows(), method).apply(scores);
    EXPECT_TRUE(std::is_sorted(scores.begin(), scores.end())) << to_string(method);
    EXPECT_GE(scores.front(), 0.0F);
    EXPECT_LE(scores.back(), 1.0F);
  }
}

TEST(ScoreCalibration, CountsWeightsAsRows) {
  const Floats scores{0.9f, 0.7f, 0.6f, 0.2f}, labels{1, 0, 1, 0}, weights{2, 1, 1, 3};
  const Floats all_scores{0.9f, 0.9f, 0.7f, 0.6f, 0.2f, 0.2f, 0.2f},
      all_labels{1, 1, 0, 1, 0, 0, 0};
  for (const Method method : kFitted) {
    EXPECT_EQ(ScoreCalibration::fit({scores, labels, weights}, method),
              ScoreCalibration::fit({all_scores, all_labels}, method));
  }
}

TEST(ScoreCalibration, ScoresThatTellApartWithoutErrorGiveNoCertainty) {
  const Floats scores{0.1f, 0.2f, 0.8f, 0.9f}, labels{0, 0, 1, 1};
  for (const Method method : {Method::temperature, Method::platt}) {
    const ScoreCalibration calibration = ScoreCalibration::fit({scores, labels}, method);
    EXPECT_EQ(calibration.method(), method);
    EXPECT_LT(calibration.apply(0.9F), 0.95F);
    EXPECT_GT(calibration.apply(0.1F), 0.05F);
  }
}

TEST(ScoreCalibration, SaysWhyItDoesNothing) {
  const Floats scores{0.1f, 0.3f, 0.6f, 0.9f}, one_class(4, 1.0F), reversed{1, 1, 0, 0};
  for (const Method method : kFitted) {
    for (const Floats& labels : {one_class, reversed}) {
      const ScoreCalibration calibration = ScoreCalibration::fit({scores, labels}, method);
      EXPECT_EQ(calibration.method(), Method::none);
      EXPECT_THAT(calibration.why(), HasSubstr("not calibrated"));
      EXPECT_EQ(calibration.apply(0.3F), 0.3F);
      EXPECT_EQ(restored(ebb::testing::through_text(calibration.to_json())), calibration);
    }
  }
  EXPECT_EQ(ScoreCalibration::fit({scores, reversed}, Method::none).why(), "");
}

TEST(ScoreCalibration, NaNStaysNaN) {
  const Sample sample(100);
  for (const Method method : kFitted) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(ScoreCalibration::fit(sample.rows(), method).apply(nan)));
  }
}

TEST(ScoreCalibration, SurvivesJsonToTheBit) {
  const Sample sample(300);
  for (const Method method : kFitted) {
    const ScoreCalibration calibration = ScoreCalibration::fit(sample.rows(), method);
    EXPECT_EQ(restored(ebb::testing::through_text(calibration.to_json())), calibration);
  }
}

TEST(ScoreCalibration, RefusesDamagedJson) {
  const auto message = [](const char* text) {
    return ebb::testing::message_of<DataError>([&] { restored(ebb::testing::json_of(text)); });
  };
  EXPECT_THAT(message(R"({"method": "magic"})"), HasSubstr("expected none, temperature"));
  EXPECT_THAT(message(R"({"method": "platt", "slope": -1, "offset": 0})"), HasSubstr("slope"));
  EXPECT_THAT(message(R"({"method": "platt", "slope": 1})"), HasSubstr("offset"));
  EXPECT_THAT(message(R"({"method": "isotonic", "scores": [0.5], "probabilities": [0.5]})"),
              HasSubstr("at least two"));
  EXPECT_THAT(message(R"({"method": "isotonic", "scores": [0.5, 0.5], "probabilities": [0, 1]})"),
              HasSubstr("ascending"));
  EXPECT_THAT(
      message(R"({"method": "isotonic", "scores": [0.1, 0.5], "probabilities": [0.5, 0.4]})"),
      HasSubstr("not falling"));
  EXPECT_THAT(
      message(R"({"method": "isotonic", "scores": [0.1, 0.5], "probabilities": [0.5, 1.4]})"),
      HasSubstr("from 0 to 1"));
}

}  // namespace
}  // namespace ebb::churn
