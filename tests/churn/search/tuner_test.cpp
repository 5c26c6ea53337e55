#include "apps/churn/search/tuner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/config/config_file.h"
#include "apps/churn/search/search_picture.h"
#include "apps/churn/search/search_space_file.h"
#include "apps/churn/search/trial_store.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/error.h"
#include "tests/churn/support/customers.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ebb::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kSmallSpace = R"([search."training.learning_rate"]
low = 1e-4
high = 1e-1
log = true
[search."model.layers"]
values = [1, 2]
[search."model.number_embedding"]
values = ["linear", "periodic"]
)";

class TunerTest : public ::testing::Test {
 protected:
  TunerTest() {
    base_.data.target = "churn";
    base_.data.id_column = "客户编号";
    base_.data.drop_columns = {"part"};
    base_.model = {.dim = 8, .layers = 1, .heads = 2, .feed_forward = 16, .bins = 4};
    base_.training.epochs = 2;
    base_.runtime.threads = 1;
    use(customers(120));
    options_.trials = 8;
  }

  void use(const std::vector<Customer>& rows) {
    base_.data.path = folder_.write("customers.csv", csv(rows));
    customers_ = read_labelled_customers(base_, {}, TestTable::ignored);
  }

  std::vector<Trial> search(std::vector<Trial> done = {}, std::size_t interrupted_after = 1000) {
    const SearchSpace space = parse_search_space(space_, "", base_);
    Tuner tuner(customers_, base_, space, options_, std::move(done));
    std::size_t count = 0;
    end_ = tuner.run([&] { return count < interrupted_after; }, [&](const Trial&) { ++count; });
    std::vector<Trial> trials = tuner.trials();
    std::sort(trials.begin(), trials.end(),
              [](const Trial& a, const Trial& b) { return a.number < b.number; });
    return trials;
  }

  TemporaryFolder folder_;
  RunConfig base_;
  LabelledCustomers customers_;
  std::string space_ = kSmallSpace;
  TuneOptions options_;
  SearchEnd end_ = SearchEnd::interrupted;
};

std::vector<std::string> spelled_trials(const std::vector<Trial>& trials) {
  std::vector<std::string> texts;
  for (const Trial& trial : trials) {
    texts.push_back(fmt::format("{} {} {} {} {}", trial.number, describe(trial.assignment),
                                to_string(trial.outcome), trial.value,
                                fmt::join(trial.curve, " ")));
  }
  return texts;
}

TEST_F(TunerTest, BeginsWithTheSettingsThatAre) {
  const std::vector<Trial> trials = search();
  ASSERT_THAT(trials, SizeIs(8));
  EXPECT_EQ(end_, SearchEnd::trials_done);
  EXPECT_EQ(describe(trials[0].assignment),
            "model.layers = 1, model.number_embedding = \"periodic\", training.learning_rate = "
            "0.001");
  for (const Trial& trial : trials) {
    EXPECT_EQ(trial.outcome, TrialOutcome::finished);
    EXPECT_THAT(trial.curve, SizeIs(2));
    EXPECT_NEAR(trial.value, trial.curve.back(), 1e-12);
  }
  EXPECT_NE(trials[1].value, trials[2].value);
}

TEST_F(TunerTest, GoesOnAsIfItHadNotBeenInterrupted) {
  options_.trials = 13;
  for (const SearchMethod method : kSearchMethods) {
    for (const int jobs : {1, 3}) {
      options_.method = method;
      options_.jobs = jobs;
      const std::vector<std::string> whole = spelled_trials(search());
      std::vector<Trial> cut = search({}, 11);
      EXPECT_EQ(end_, SearchEnd::interrupted);
      ASSERT_GE(cut.size(), 11U);
      cut.erase(cut.begin() + 9);  // of those that ran side by side, later ones had ended
      EXPECT_EQ(spelled_trials(search(cut)), whole) << to_string(method) << ' ' << jobs;
    }
  }
}

TEST_F(TunerTest, DoesNotLookAtTestRows) {
  options_.trials = 4;
  for (const std::uint32_t folds : {0U, 2U}) {
    options_.folds = folds;
    use(customers(120));
    const std::vector<std::string> before = spelled_trials(search());
    std::vector<std::string> notes;
    const CustomerSplit split = split_or_explain(customers_, base_, notes);
    ASSERT_FALSE(split.rows.test.empty());
    std::vector<Customer> changed = customers(120);
    for (const std::size_t row : split.rows.test) changed[row].spend += 1e6;
    use(changed);
    EXPECT_EQ(spelled_trials(search()), before) << folds;
    changed[split.rows.train.front()].spend += 1e6;
    use(changed);
    EXPECT_NE(spelled_trials(search()), before) << folds;
  }
}

TEST_F(TunerTest, MakesTheMetricBest) {
  options_.metric = parse_search_metric("roc_auc");
  const std::vector<Trial> trials = search();
  const Trial* best = best_trial(trials, options_.metric);
  for (const Trial& trial : trials) EXPECT_LE(trial.value, best->value);
  EXPECT_THAT(message_of<DataError>([] { parse_search_metric("roc_acu"); }),
              HasSubstr("Did you mean \"roc_auc\"?"));
}

TEST_F(TunerTest, StopsTrialsThatBeginBadly) {
  base_.training.epochs = 9;
  options_.method = SearchMethod::sobol;
  options_.trials = 12;
  const std::vector<Trial> stopping = search();
  options_.early_stop = false;
  const std::vector<Trial> whole = search();
  std::size_t stopped = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(whole[i].outcome, TrialOutcome::finished);
    ASSERT_THAT(whole[i].curve, SizeIs(9));
    const std::size_t epochs = stopping[i].curve.size();
    EXPECT_EQ(epochs == 9, stopping[i].outcome == TrialOutcome::finished) << i;
    EXPECT_TRUE(epochs == 9 || epochs == 3) << epochs;
    EXPECT_EQ(stopping[i].curve,
              LossCurve(whole[i].curve.begin(),
                        whole[i].curve.begin() + static_cast<std::ptrdiff_t>(epochs)));
    if (stopping[i].outcome == TrialOutcome::stopped) ++stopped;
  }
  EXPECT_GE(stopped, 4U);
}

TEST(SuccessiveHalving, KeepsTheBestThirdAtEachRung) {
  EXPECT_EQ(halving_rungs(20), (std::vector<std::int64_t>{3, 7}));
  EXPECT_EQ(halving_rungs(27), (std::vector<std::int64_t>{3, 9}));
  EXPECT_EQ(halving_rungs(3), (std::vector<std::int64_t>{}));
  EXPECT_EQ(halving_rungs(1), (std::vector<std::int64_t>{}));
  const std::vector<std::int64_t> rungs = {2};
  const std::vector<LossCurve> others = {{0.5, 0.4}, {0.5, 0.3}, {0.5, 0.2}, {0.5}};
  EXPECT_TRUE(is_promising({0.9}, others, rungs));
  EXPECT_TRUE(is_promising({0.9, 0.25}, others, rungs));  // the second of four
  EXPECT_FALSE(is_promising({0.9, 0.35}, others, rungs));
  EXPECT_TRUE(is_promising({0.9, 0.9, 0.9}, others, rungs));
  EXPECT_TRUE(is_promising({0.9, 0.9}, std::span(others).first(2), rungs));
}

TEST_F(TunerTest, NotesTrialsThatFail) {
  space_ = "[search.\"training.learning_rate\"]\nvalues = [1e-3, 100.0]\n";
  base_.training.optimizer = OptimizerKind::sgd;
  base_.training.momentum = 0.99;
  base_.training.gradient_clip = 0.0;
  base_.training.schedule = ScheduleKind::constant;
  base_.training.epochs = 20;
  options_.method = SearchMethod::grid;
  const std::vector<Trial> trials = search();
  EXPECT_EQ(end_, SearchEnd::all_tried);
  ASSERT_THAT(trials, SizeIs(2));
  EXPECT_EQ(trials[0].outcome, TrialOutcome::finished);
  EXPECT_EQ(trials[1].outcome, TrialOutcome::failed);
  EXPECT_THAT(trials[1].problem, HasSubstr("epoch"));
  EXPECT_EQ(best_trial(trials, options_.metric), &trials[0]);
  space_ = "[search.\"training.learning_rate\"]\nvalues = [99.0, 98.0, 97.0, 96.0, 95.0]\n";
  EXPECT_THAT(message_of<DataError>([&] { search(); }),
              HasSubstr("all of the first 5 trials failed; the last one: "));
}

TEST_F(TunerTest, KeepsTrialsInAFile) {
  const SearchSpace space = parse_search_space(space_, "", base_);
  const SearchIdentity identity{.data_fingerprint = "1",
                                .settings = "s",
                                .space = "t",
                                .method = "sobol",
                                .metric = "log_loss"};
  const std::vector<Trial> trials = search();
  const std::filesystem::path path = folder_.path() / "trials.jsonl";
  save_trials(path, identity, {trials.rbegin(), trials.rend()});
  const std::vector<Trial> loaded = load_trials(path, identity, space);
  EXPECT_EQ(spelled_trials(loaded), spelled_trials(trials));
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(loaded[i].assignment, trials[i].assignment);
    EXPECT_EQ(loaded[i].seconds, trials[i].seconds);
  }
  const auto refused = [&](const SearchIdentity& other) {
    return message_of<DataError>([&] { load_trials(path, other, space); });
  };
  SearchIdentity other = identity;
  other.data_fingerprint = "2";
  EXPECT_THAT(refused(other), HasSubstr("trials.jsonl:1: it is of a search with other data"));
  other = identity;
  other.seed = 3;
  EXPECT_THAT(refused(other), HasSubstr("with --seed 0; start anew with --overwrite"));
  other = identity;
  other.space = "u";
  EXPECT_THAT(refused(other), HasSubstr("another search space"));

  const std::string text = read_file(path, 1 << 20);
  const auto damaged = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write_file_atomically(path, changed);
    return refused(identity);
  };
  EXPECT_THAT(damaged("\"trial\":1", "\"trial\":0"), HasSubstr(":3: trial 0 is out of order"));
  EXPECT_THAT(damaged("\"model.layers\":1", "\"model.layers\":7"),
              HasSubstr(":2: settings: model.layers is not in the search space"));
  EXPECT_THAT(damaged("\"model.layers\":1", "\"model.dim\":1"),
              HasSubstr("a setting that is not searched"));
  EXPECT_THAT(damaged("finished", "finisht"), HasSubstr("is no outcome"));
  EXPECT_THAT(damaged("ebb.search", "ebb.saerch"), HasSubstr("another format"));
  EXPECT_THAT(damaged(text, ""), HasSubstr("it is empty"));
}

TEST_F(TunerTest, DrawsAPicture) {
  const SearchSpace space = parse_search_space(space_, "", base_);
  std::vector<Trial> trials = search();
  trials[3].outcome = TrialOutcome::failed;
  trials[4].outcome = TrialOutcome::stopped;
  const std::string svg = search_picture(space, trials, options_.metric);
  const auto count = [&](const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  // The curve, and a panel for each of three parameters.
  EXPECT_EQ(count("class=\"frame\""), 4U);
  EXPECT_EQ(count("class=\"best\""), 4U);
  EXPECT_EQ(count("class=\"stopped\""), 4U);
  EXPECT_EQ(count("class=\"trial\""), 4U * 5U);
  EXPECT_EQ(count("<title id=\"title\">Search for the best log_loss</title>"), 1U);
  EXPECT_EQ(count(">periodic</text>"), 1U);
  EXPECT_EQ(count("nan"), 0U);
  EXPECT_THAT(search_picture(space, {}, options_.metric), HasSubstr("no trial was finished"));
}

}  // namespace
}  // namespace ebb::churn
