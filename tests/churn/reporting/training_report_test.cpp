#include "apps/churn/reporting/training_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PreparedData some_data() {
  PreparedData data;
  data.train.labels = {0, 0, 0, 1};
  data.validation.labels = {0, 1, 1};
  data.test.labels = {1, 0};
  data.training_base_rate = 0.25;
  return data;
}

TEST(TrainingReport, EachModelIsDecidedByItsOwnThreshold) {
  const PartScores network = {{0.1f, 0.2f, 0.3f, 0.9f}, {0.2f, 0.6f, 0.8f}, {0.7f, 0.3f}};
  const PartScores logistic = {{0.1f, 0.1f, 0.1f, 0.2f}, {0.05f, 0.15f, 0.25f}, {0.2f, 0.01f}};
  const TrainingReport report = report_on_training(network, logistic, some_data(), {});
  EXPECT_NEAR(report.network.decision.threshold.threshold, 0.4, 1e-6);
  EXPECT_NEAR(report.logistic_regression.decision.threshold.threshold, 0.1, 1e-6);
  EXPECT_EQ(report.network.test->accuracy, 1.0);
  EXPECT_EQ(report.logistic_regression.test->accuracy, 1.0);
  EXPECT_EQ(report.base_rate.test->roc_auc, 0.5);
  EXPECT_GE(report.base_rate.test->accuracy, 0.5);  // the majority's share
  EXPECT_EQ(report.network.train->confusion.true_positive, 1.0);
}

TEST(TrainingReport, PartsWithoutRowsAreNull) {
  PreparedData data = some_data();
  data.test.labels.clear();
  const PartScores scores = {{0.1f, 0.2f, 0.3f, 0.9f}, {0.2f, 0.6f, 0.8f}, {}};
  const TrainingReport report = report_on_training(scores, scores, data, {});
  const nlohmann::ordered_json json = to_json(report);
  EXPECT_TRUE(json["network"]["test"].is_null());
  EXPECT_EQ(json["network"]["validation"]["rows"], 3);
  EXPECT_THAT(report_table(json), HasSubstr("logistic regression (validation)"));
  EXPECT_THAT(report_table(json), Not(HasSubstr("(test)")));
}

TEST(TrainingReport, RefusesScoresOfOtherRows) {
  const PartScores scores = {{0.1f}, {0.2f, 0.6f, 0.8f}, {0.7f, 0.3f}};
  EXPECT_THROW(report_on(scores, some_data(), {}), Error);
}

TEST(TrainingReport, ExplainsTheThreshold) {
  EXPECT_EQ(explain({0.25, 0.5, {}}, {}),
            "0.2500: it has the best F1 on the validation rows, 0.5000");
  EXPECT_EQ(explain({0.25, 0.0, "there are no validation rows"}, {}),
            "0.2500: there are no validation rows");
  EXPECT_THAT(
      explain({0.1, 0.3, {}}, {.objective = ThresholdObjective::cost, .costs = {}}),
      HasSubstr("a missed leaver costs 5, a flagged one 0, a stayer who is flagged 1 and one"));
}

}  // namespace
}  // namespace ebb::churn
