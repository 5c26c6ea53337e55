#include "apps/churn/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/metrics/calibration.h"
#include "apps/churn/metrics/ranking.h"
#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using Floats = std::vector<float>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// One score set of the fixture, with scikit-learn's metrics of it.
struct FixtureCase {
  std::string name;
  Floats scores;
  Floats labels;
  Floats weights;
  ScoreKind kind;
  double threshold;
  nlohmann::json expected;

  ScoredRows rows() const { return {scores, labels, weights, kind}; }
};

std::vector<FixtureCase> load_fixture() {
  std::vector<FixtureCase> cases;
  for (const nlohmann::json& item : ebb::testing::test_json("metrics_fixture.json")) {
    cases.push_back({item["name"], item["scores"], item["labels"], item["weights"],
                     item["kind"] == "logit" ? ScoreKind::logit : ScoreKind::probability,
                     item["threshold"], item["expected"]});
  }
  return cases;
}

std::map<std::string, double> computed_metrics(const Metrics& metrics) {
  std::map<std::string, double> values{
      {"base_rate", metrics.base_rate},
      {"true_positive", metrics.confusion.true_positive},
      {"false_positive", metrics.confusion.false_positive},
      {"true_negative", metrics.confusion.true_negative},
      {"false_negative", metrics.confusion.false_negative},
  };
  for (const NamedMetric& metric : named_metrics(metrics)) {
    values[std::string(metric.name)] = metric.value;
  }
  return values;
}

void expect_matches_fixture(const FixtureCase& fixture, const ScoredRows& rows) {
  const std::map<std::string, double> computed =
      computed_metrics(compute_metrics(rows, fixture.threshold));
  ASSERT_EQ(computed.size(), fixture.expected.size()) << fixture.name;
  for (const auto& [name, expected] : fixture.expected.items()) {
    const double value = computed.at(name);
    if (expected.is_null()) {
      EXPECT_TRUE(std::isnan(value)) << fixture.name << ": " << name << " is " << value;
    } else {
      // Both sides are float64 sums of at most 150 terms.
      EXPECT_NEAR(value, expected.get<double>(), 1e-12 * (1 + std::abs(expected.get<double>())))
          << fixture.name << ": " << name;
    }
  }
}

TEST(Metrics, EqualScikitLearn) {
  const std::vector<FixtureCase> cases = load_fixture();
  ASSERT_EQ(cases.size(), 12u);
  for (const FixtureCase& fixture : cases) expect_matches_fixture(fixture, fixture.rows());
}

TEST(Metrics, DoNotDependOnTheOrderOfRows) {
  for (FixtureCase fixture : load_fixture()) {
    std::ranges::reverse(fixture.scores);
    std::ranges::reverse(fixture.labels);
    std::ranges::reverse(fixture.weights);
    expect_matches_fixture(fixture, fixture.rows());
  }
}

TEST(Metrics, AWeightOfTwoIsTheRowTwice) {
  const Floats scores{0.1f, 0.8f, 0.8f, 0.4f, 0.6f}, labels{0, 1, 0, 1, 0}, weights{1, 2, 1, 3, 1};
  Floats repeated_scores, repeated_labels;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    for (float copy = 0; copy < weights[row]; ++copy) {
      repeated_scores.push_back(scores[row]);
      repeated_labels.push_back(labels[row]);
    }
  }
  const auto weighted = computed_metrics(compute_metrics({scores, labels, weights}, 0.5));
  for (const auto& [name, value] :
       computed_metrics(compute_metrics({repeated_scores, repeated_labels}, 0.5))) {
    EXPECT_NEAR(weighted.at(name), value, 1e-14) << name;
  }
}

TEST(Metrics, NoRowsLeaveEveryMetricUndefined) {
  const Metrics metrics = compute_metrics({}, 0.5);
  EXPECT_EQ(metrics.rows, 0u);
  EXPECT_TRUE(std::isnan(metrics.base_rate));
  for (const NamedMetric& metric : named_metrics(metrics)) {
    EXPECT_TRUE(std::isnan(metric.value)) << metric.name << " is " << metric.value;
  }
}

TEST(Metrics, JsonHoldsNullForUndefined) {
  const Floats scores{0.7f}, labels{1};
  const nlohmann::ordered_json json = to_json(compute_metrics({scores, labels}, 0.5));
  EXPECT_TRUE(json["roc_auc"].is_null());
  EXPECT_TRUE(json["balanced_accuracy"].is_null());
  EXPECT_EQ(json["recall"], 1.0);
  EXPECT_EQ(json["rows"], 1);
  EXPECT_EQ(json["confusion_matrix"]["true_positive"], 1.0);
  EXPECT_EQ(json.dump().substr(0, 9), R"({"rows":1)");
}

TEST(Metrics, JsonHoldsWeightsBeyondIntegers) {
  const Floats scores{0.7f}, labels{1}, weights{1e30f};
  const nlohmann::ordered_json json = to_json(compute_metrics({scores, labels, weights}, 0.5));
  EXPECT_EQ(json["confusion_matrix"]["true_positive"], static_cast<double>(1e30f));
}

TEST(Metrics, LogitsBeyondFloatKeepTheirOrderAndLoss) {
  // As float probabilities all four would be 1: no order left, and a loss cut short.
  const Floats logits{40, 50, 60, 70}, labels{0, 0, 1, 1};
  const Metrics metrics = compute_metrics({logits, labels, {}, ScoreKind::logit}, 0.5);
  EXPECT_EQ(metrics.roc_auc, 1.0);
  EXPECT_NEAR(metrics.log_loss, (40.0 + 50.0) / 4, 1e-12);
}

TEST(Metrics, InfiniteLogitsAreCertain) {
  const Floats logits{kInfinity, -kInfinity}, right{1, 0}, wrong{0, 1};
  EXPECT_EQ(log_loss({logits, right, {}, ScoreKind::logit}), 0.0);
  EXPECT_EQ(log_loss({logits, wrong, {}, ScoreKind::logit}), kInfinity);
  EXPECT_EQ(brier_score({logits, wrong, {}, ScoreKind::logit}), 1.0);
}

TEST(Metrics, RocAucOfManyTiesEqualsCountingPairs) {
  constexpr std::size_t kRows = 1000;
  Floats scores(kRows), labels(kRows);
  for (std::size_t row = 0; row < kRows; ++row) {
    scores[row] = static_cast<float>(row * 7919 % 13) / 13;
    labels[row] = row * 104729 % 31 < 9 ? 1.0f : 0.0f;
  }
  double ordered = 0, pairs = 0;
  for (std::size_t a = 0; a < kRows; ++a) {
    for (std::size_t b = 0; b < kRows; ++b) {
      if (labels[a] != 1 || labels[b] != 0) continue;
      pairs += 1;
      ordered += scores[a] > scores[b] ? 1.0 : scores[a] == scores[b] ? 0.5 : 0.0;
    }
  }
  EXPECT_DOUBLE_EQ(roc_auc(rank_by_score({scores, labels})), ordered / pairs);
}

TEST(Metrics, CalibrationBinsAreConfigurable) {
  const Floats scores{0.1f, 0.45f, 0.55f, 1.0f}, labels{0, 1, 0, 1};
  // One bin compares the means: 0.5 with 0.525. Two bins: |1 - 0.55| / 4 and |1 - 1.55| / 4.
  EXPECT_NEAR(expected_calibration_error({scores, labels}, 1), 0.025, 1e-7);
  EXPECT_NEAR(expected_calibration_error({scores, labels}, 2), 0.25, 1e-7);
  EXPECT_THROW(expected_calibration_error({scores, labels}, 0), Error);
}

TEST(Metrics, LiftTakesPartOfAGroup) {
  const Floats scores{0.9f, 0.5f, 0.5f, 0.1f}, labels{1, 1, 0, 0};
  const std::vector<ScoreGroup> ranking = rank_by_score({scores, labels});
  EXPECT_DOUBLE_EQ(lift(ranking, 0.25), 2.0);
  EXPECT_DOUBLE_EQ(lift(ranking, 0.5), 1.5);
  EXPECT_DOUBLE_EQ(lift(ranking, 1.0), 1.0);
  EXPECT_THROW(lift(ranking, 0.0), Error);
  EXPECT_THROW(lift(ranking, 1.5), Error);
}

void expect_refused(const ScoredRows& rows, const std::string& message, double threshold = 0.5) {
  try {
    compute_metrics(rows, threshold);
    ADD_FAILURE() << "accepted; expected: " << message;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr(message));
  }
}

TEST(Metrics, BadRowsAreNamed) {
  const Floats two{0.5f, 0.5f}, labels{0, 1}, one{1};
  expect_refused({two, one}, "2 scores with 1 labels and 0 weights");
  expect_refused({two, labels, one}, "2 scores with 2 labels and 1 weights");
  expect_refused({two, Floats{0, 0.5f}}, "label of row 1 is 0.5");
  expect_refused({two, Floats{kNaN, 0}}, "label of row 0 is nan");
  expect_refused({two, labels, Floats{1, -1}}, "weight of row 1 is -1");
  expect_refused({two, labels, Floats{1, kInfinity}}, "weight of row 1 is inf");
  expect_refused({Floats{0.5f, kNaN}, labels}, "score of row 1 is NaN");
  expect_refused({Floats{0.5f, 1.5f}, labels}, "score of row 1 is 1.5");
  expect_refused({two, labels}, "threshold is NaN", kNaN);
}

}  // namespace
}  // namespace ebb::churn
