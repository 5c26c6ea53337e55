#include "apps/churn/validation/cross_validation.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/validation/cross_validation_file.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/error.h"
#include "tests/churn/support/customers.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb::churn {
namespace {

using ::testing::HasSubstr;

const auto kGoOn = [] { return true; };

class CrossValidationTest : public ::testing::Test {
 protected:
  CrossValidationTest() {
    config_.data.target = "churn";
    config_.data.id_column = "客户编号";
    config_.data.drop_columns = {"part"};
    config_.model = {.dim = 8, .layers = 1, .heads = 2, .feed_forward = 16, .bins = 4};
    config_.training.epochs = 2;
    config_.runtime.threads = 1;
    use(csv(customers(120)));
  }

  void use(const std::string& table) {
    config_.data.path = folder_.write("customers.csv", table);
    customers_ = read_labelled_customers(config_, {}, TestTable::ignored);
    rounds_ = plan_folds(customers_, config_, {FoldKind::stratified, 3, 2});
  }

  std::vector<FoldResult> run(int jobs, int threads) {
    config_.runtime.threads = threads;
    std::vector<FoldResult> results;
    EXPECT_TRUE(run_folds(customers_, rounds_, config_, jobs, kGoOn,
                          [&](FoldResult result) { results.push_back(std::move(result)); }));
    std::sort(results.begin(), results.end(), [](const FoldResult& a, const FoldResult& b) {
      return std::pair(a.repeat, a.fold) < std::pair(b.repeat, b.fold);
    });
    return results;
  }

  ebb::testing::TemporaryFolder folder_;
  RunConfig config_;
  LabelledCustomers customers_;
  std::vector<FoldRows> rounds_;
};

TEST_F(CrossValidationTest, IsTheSameForAnyJobsAndThreads) {
  const std::vector<FoldResult> one = run(1, 1);
  for (const auto& [jobs, threads] : {std::pair(3, 3), std::pair(2, 1), std::pair(1, 2)}) {
    const std::vector<FoldResult> other = run(jobs, threads);
    ASSERT_EQ(other.size(), one.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(other[i].network.probabilities, one[i].network.probabilities);
      EXPECT_EQ(other[i].network.threshold, one[i].network.threshold);
      EXPECT_EQ(other[i].logistic_regression.probabilities,
                one[i].logistic_regression.probabilities);
      EXPECT_EQ(other[i].rows, rounds_[i].rows.test);
    }
  }
  EXPECT_NE(one[0].network.probabilities, one[3].network.probabilities);  // another repeat
}

// What is fitted must not know the labels of the rows that it measures.
TEST_F(CrossValidationTest, NothingThatIsFittedSeesTheLabelsOfMeasuredRows) {
  const std::optional<FoldResult> before = run_fold(customers_, rounds_[0], config_, kGoOn);
  // With the folds kept, the measured rows' labels are turned round.
  for (const std::size_t row : rounds_[0].rows.test) {
    customers_.labels.values[row] = 1.0F - customers_.labels.values[row];
  }
  const std::optional<FoldResult> after = run_fold(customers_, rounds_[0], config_, kGoOn);
  EXPECT_EQ(after->network.probabilities, before->network.probabilities);
  EXPECT_EQ(after->network.threshold, before->network.threshold);
  EXPECT_EQ(after->logistic_regression.probabilities, before->logistic_regression.probabilities);
  // The metrics do look at them.
  const Metrics metrics = measure(after->network, *after, customers_);
  EXPECT_EQ(metrics.rows, rounds_[0].rows.test.size());
}

TEST_F(CrossValidationTest, EndsWhenAskedTo) {
  int steps = 0;
  std::size_t results = 0;
  const bool is_complete = run_folds(
      customers_, rounds_, config_, 1, [&] { return ++steps < 4; },
      [&](const FoldResult&) { ++results; });
  EXPECT_FALSE(is_complete);
  EXPECT_LT(results, rounds_.size());
}

TEST_F(CrossValidationTest, AnErrorOfARoundIsThrown) {
  config_.training.learning_rate = 1e30;
  config_.training.gradient_clip = 0.0;
  EXPECT_THROW(run_folds(customers_, rounds_, config_, 2, kGoOn, [](const FoldResult&) {}),
               DataError);
}

TEST_F(CrossValidationTest, SurvivesItsFile) {
  const CrossValidation validation{
      customers_.fingerprint, {FoldKind::stratified, 3, 2}, {{"a = 1", run(1, 1)}, {"b", {}}}};
  const auto path = folder_.path() / "cv.json";
  save_cross_validation(path, validation);
  const CrossValidation again = load_cross_validation(path, validation, rounds_);
  EXPECT_EQ(again.options.repeats, 2U);
  ASSERT_EQ(again.configs.size(), 2U);
  EXPECT_EQ(again.configs[0].settings, "a = 1");
  ASSERT_EQ(again.configs[0].results.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const FoldResult& saved = validation.configs[0].results[i];
    const FoldResult& loaded = again.configs[0].results[i];
    EXPECT_EQ(loaded.network.probabilities, saved.network.probabilities);
    EXPECT_EQ(loaded.network.threshold, saved.network.threshold);
    EXPECT_EQ(loaded.rows, saved.rows);
    EXPECT_EQ(loaded.best_epoch, saved.best_epoch);
  }
}

TEST_F(CrossValidationTest, RefusesAFileThatIsNotItsOwn) {
  const auto path = folder_.path() / "cv.json";
  const CrossValidation wanted{
      customers_.fingerprint, {FoldKind::stratified, 3, 2}, {{"a = 1", {}}}};
  const auto refusal = [&](const std::string& text) {
    write_file_atomically(path, text);
    return ebb::testing::message_of<DataError>(
        [&] { load_cross_validation(path, wanted, rounds_); });
  };
  EXPECT_THAT(refusal("{"), HasSubstr("cv.json"));
  EXPECT_THAT(refusal("{}"), HasSubstr("start anew with --overwrite"));
  save_cross_validation(path, {"other", {FoldKind::stratified, 3, 2}, {}});
  EXPECT_THAT(refusal(read_file(path, 1000)), HasSubstr("other data"));
  save_cross_validation(path, {customers_.fingerprint,
                               {FoldKind::stratified, 3, 2},
                               {{"a = 1", {FoldResult{.repeat = 0, .fold = 3}}}}});
  EXPECT_THAT(refusal(read_file(path, 1000)), HasSubstr("there is no such round"));
  save_cross_validation(path, {customers_.fingerprint,
                               {FoldKind::stratified, 3, 2},
                               {{"a = 1", {FoldResult{.repeat = 0, .fold = 1}}}}});
  EXPECT_THAT(refusal(read_file(path, 1000)), HasSubstr("0 of them, but the round measures 40"));
  // Of other options or settings, it is not called damaged.
  for (const CrossValidation& other :
       {CrossValidation{
            customers_.fingerprint, {FoldKind::stratified, 4, 2}, {{"a = 1", run(1, 1)}}},
        CrossValidation{customers_.fingerprint, {FoldKind::stratified, 3, 2}, {{"a = 2", {}}}},
        CrossValidation{customers_.fingerprint, {FoldKind::stratified, 3, 2}, {}}}) {
    save_cross_validation(path, other);
    EXPECT_THAT(refusal(read_file(path, 1'000'000)),
                HasSubstr("made with other settings, folds or repeats"));
  }
  std::vector<FoldResult> twice = run(1, 1);
  twice.push_back(twice.front());
  save_cross_validation(path,
                        {customers_.fingerprint, {FoldKind::stratified, 3, 2}, {{"a = 1", twice}}});
  EXPECT_THAT(refusal(read_file(path, 1'000'000)), HasSubstr("the round is there twice"));
}

}  // namespace
}  // namespace ebb::churn
