#include "apps/churn/training/trainer.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/metrics/metrics.h"
#include "apps/churn/training/divergence.h"
#include "apps/churn/training/logistic_baseline.h"
#include "apps/churn/training/predictor.h"
#include "tests/churn/support/small_model.h"

namespace ebb::churn {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

bool go_on(const StepReport&) { return true; }

/// The message that an epoch of this training ends with.
std::string divergence_of(Trainer& trainer) {
  try {
    while (!trainer.finished()) trainer.run_epoch(go_on);
  } catch (const DivergenceError& error) {
    return error.what();
  }
  return "no error";
}

RunConfig quick_config(const TemporaryFolder& folder) {
  RunConfig config = small_config(folder);
  config.model.dim = 16;
  config.model.layers = 1;
  config.model.heads = 2;
  config.model.feed_forward = 16;
  config.training.epochs = 3;
  config.training.batch_size = 16;
  return config;
}

std::string weights_after(Trainer& trainer) {
  while (!trainer.finished()) EXPECT_TRUE(trainer.run_epoch(go_on));
  std::string bytes;
  for (const auto& [name, tensor] : trainer.state().tensors) bytes += name + bytes_of(tensor);
  return bytes;
}

/// A state with memory of its own, as one read from a checkpoint.
TrainerState copy_of(TrainerState state) {
  for (auto& [name, tensor] : state.tensors) {
    tensor = Tensor::from_bytes(
        tensor.shape(), tensor.dtype(),
        std::as_bytes(std::span(bytes_of(tensor).data(), bytes_of(tensor).size())));
  }
  return state;
}

class TrainerTest : public ::testing::Test {
 protected:
  /// Of a network and a logistic regression trained on the data.
  std::string fitted_bits(const PreparedData& data) const {
    Trainer trainer(config_, data);
    const PartScores baseline = fit_logistic_baseline(data, config_.runtime);
    return weights_after(trainer) +
           bytes_of(Tensor::from_values({static_cast<std::int64_t>(baseline.train.size())},
                                        baseline.train));
  }

  TemporaryFolder folder_;
  RunConfig config_ = quick_config(folder_);
};

TEST_F(TrainerTest, EndsWithEqualBitsForAnyNumberOfThreads) {
  const PreparedData data = prepare_data(config_);
  std::string first;
  for (const int threads : {1, 2, 3, 4, 5}) {
    config_.runtime.threads = threads;
    Trainer trainer(config_, data);
    const std::string weights = weights_after(trainer);
    if (first.empty()) first = weights;
    EXPECT_EQ(weights, first) << threads << " threads";
  }
}

TEST_F(TrainerTest, AnEnsembleEndsWithEqualBitsForAnyNumberOfThreads) {
  config_.model.members = 3;
  PreparedData data = prepare_data(config_);
  data.train.weights.assign(data.train.rows(), 1.5F);
  data.train.weights[4] = 0.0F;
  const std::string first = fitted_bits(data);
  config_.runtime.threads = 1;
  EXPECT_EQ(fitted_bits(data), first);
  data.train.labels[4] = 1.0F - data.train.labels[4];
  EXPECT_EQ(fitted_bits(data), first);
}

// The loss of an ensemble is the mean of its members' losses, not the loss of their mean.
TEST_F(TrainerTest, TheMembersOfAnEnsembleLearnSideBySide) {
  config_.model.members = 3;
  config_.model.attention_dropout = 0.0;
  config_.model.activation_dropout = 0.0;
  config_.model.residual_dropout = 0.0;
  config_.training.batch_size = 1000;
  config_.training.epochs = 1;
  const PreparedData data = prepare_data(config_);
  const InputSchema schema = schema_of(data.pipeline);
  const Network network(schema, config_.model, config_.training.seed);
  Context context({}, 1);
  const Tensor logits =
      network.model.member_logits(Pass{context}, make_batch(schema, data.train.features));
  double expected = 0.0;
  for (std::size_t i = 0; i < 3 * data.train.rows(); ++i) {
    const auto x = static_cast<double>(logits.values<float>()[i]);
    const bool left = data.train.labels[i / 3] == 1.0F;
    expected += std::log1p(std::exp(left ? -x : x)) / static_cast<double>(3 * data.train.rows());
  }
  Trainer trainer(config_, data);
  trainer.run_epoch(go_on);
  EXPECT_NEAR(trainer.history().front().train_loss, expected, 1e-5);
}

TEST_F(TrainerTest, EndsWithTheSameBitsWhenResumedAfterAnyEpoch) {
  for (const ScheduleKind schedule : {ScheduleKind::cosine, ScheduleKind::reduce_on_plateau}) {
    config_.training.schedule = schedule;
    const PreparedData data = prepare_data(config_);
    Trainer whole(config_, data);
    const std::string expected = weights_after(whole);
    for (int epochs = 0; epochs <= 3; ++epochs) {
      Trainer before(config_, data);
      for (int i = 0; i < epochs; ++i) before.run_epoch(go_on);
      const TrainerState state = copy_of(before.state());
      Trainer after(config_, data);
      after.restore(state);
      EXPECT_EQ(weights_after(after), expected) << "stopped after epoch " << epochs;
      EXPECT_EQ(after.history().size(), 3U);
    }
  }
}

TEST_F(TrainerTest, StopsAfterTheStepAtHandWithoutCountingTheEpoch) {
  const PreparedData data = prepare_data(config_);
  Trainer trainer(config_, data);
  std::int64_t steps = 0;
  EXPECT_FALSE(trainer.run_epoch([&](const StepReport& report) {
    steps = report.step;
    return report.step < 2;
  }));
  EXPECT_EQ(steps, 2);
  EXPECT_TRUE(trainer.history().empty());
}

TEST_F(TrainerTest, LearnsAndKeepsTheBestEpoch) {
  config_.training.epochs = 12;
  const PreparedData data = prepare_data(config_);
  Trainer trainer(config_, data);
  weights_after(trainer);
  const std::vector<EpochRecord>& history = trainer.history();
  EXPECT_LT(history.back().train_loss, history.front().train_loss);
  double lowest = history.front().validation_loss;
  for (const EpochRecord& record : history) {
    EXPECT_EQ(record.best, &record == &history.front() || record.validation_loss < lowest);
    lowest = std::min(lowest, record.validation_loss);
  }
  Predictor predictor(schema_of(data.pipeline), config_.model, trainer.best_weights(),
                      config_.runtime);
  const std::vector<float> found = predictor.probabilities(data.validation.features);
  EXPECT_NEAR(compute_metrics({.scores = found, .labels = data.validation.labels}, 0.5).log_loss,
              lowest, 1e-12);
}

TEST_F(TrainerTest, StopsEarlyWhenPatienceIsAtItsEnd) {
  config_.training.epochs = 200;
  config_.training.patience = 2;
  config_.training.learning_rate = 0.02;
  const PreparedData data = prepare_data(config_);
  Trainer trainer(config_, data);
  weights_after(trainer);
  const std::vector<EpochRecord>& history = trainer.history();
  ASSERT_LT(history.size(), 200U);
  EXPECT_FALSE(history[history.size() - 1].best);
  EXPECT_FALSE(history[history.size() - 2].best);
  EXPECT_TRUE(history[history.size() - 3].best);
}

TEST_F(TrainerTest, SaysWhereTrainingDiverged) {
  config_.training.optimizer = OptimizerKind::sgd;
  config_.training.schedule = ScheduleKind::constant;
  config_.training.learning_rate = 1e30;
  config_.training.gradient_clip = 0;
  const PreparedData data = prepare_data(config_);
  Trainer trainer(config_, data);
  const std::string message = divergence_of(trainer);
  EXPECT_THAT(message, StartsWith("training diverged in step 2 of epoch 1: "));
  EXPECT_THAT(message, HasSubstr("loss nan"));
  EXPECT_THAT(message, HasSubstr("lower training.learning_rate"));
  EXPECT_TRUE(trainer.history().empty());
}

TEST_F(TrainerTest, NamesTheTensorThatWentFirst) {
  const PreparedData data = prepare_data(config_);
  const std::string name = "encoder.layers.0.linear2.weight";
  for (const int threads : {1, 3}) {
    config_.runtime.threads = threads;
    Trainer trainer(config_, data);
    trainer.run_epoch(go_on);
    trainer.state().tensors.at("parameter/" + name).data<float>()[5] =
        -std::numeric_limits<float>::infinity();
    EXPECT_THAT(divergence_of(trainer),
                StartsWith("training diverged in step 1 of epoch 2: parameter " + name +
                           " holds -inf (loss nan"));
    EXPECT_EQ(trainer.history().size(), 1U);
  }
}

TEST_F(TrainerTest, NamesTheOperationThatOverflowed) {
  const PreparedData data = prepare_data(config_);
  for (const bool detect : {false, true}) {
    config_.runtime.detect_anomaly = detect;
    Trainer trainer(config_, data);
    Tensor weight =
        trainer.state().tensors.at("parameter/encoder.layers.0.attention.in_projection.weight");
    for (float& value : weight.values<float>()) value = 1e30F * (value > 0 ? 1.0F : -1.0F);
    EXPECT_THAT(
        divergence_of(trainer),
        HasSubstr("the forward direction of leading_attention in encoder.layers.0.attention"));
  }
}

// An infinite second moment holds its parameter still, and the loss stays finite.
TEST_F(TrainerTest, StopsWhenTheOptimizersStateOverflowed) {
  const PreparedData data = prepare_data(config_);
  Trainer trainer(config_, data);
  trainer.state().tensors.at("second_moment/head.weight").data<float>()[3] =
      std::numeric_limits<float>::infinity();
  EXPECT_THAT(divergence_of(trainer),
              StartsWith("training diverged by the end of epoch 1: the second_moment of "
                         "head.weight holds inf; lower training.learning_rate"));
  EXPECT_TRUE(trainer.history().empty());
}

TEST_F(TrainerTest, LooksAtEveryOperationWithoutChangingResults) {
  const PreparedData data = prepare_data(config_);
  Trainer plain(config_, data);
  config_.runtime.detect_anomaly = true;
  Trainer watched(config_, data);
  EXPECT_EQ(weights_after(watched), weights_after(plain));
}

TEST_F(TrainerTest, RefusesToSelectByAnAucThatIsUndefined) {
  PreparedData data = prepare_data(config_);
  std::fill(data.validation.labels.begin(), data.validation.labels.end(), 1.0F);
  config_.training.selection = SelectionMetric::roc_auc;
  try {
    const Trainer trainer(config_, data);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hold only customers who left"));
  }
  config_.training.selection = SelectionMetric::log_loss;
  Trainer trainer(config_, data);
  EXPECT_TRUE(trainer.run_epoch(go_on));
  EXPECT_TRUE(std::isnan(trainer.history().front().validation_auc));
  EXPECT_TRUE(trainer.history().front().best);
}

TEST_F(TrainerTest, RefusesAStateOfAnotherNetwork) {
  const PreparedData data = prepare_data(config_);
  Trainer narrow(config_, data);
  const TrainerState state = narrow.state();
  config_.model.dim = 32;
  Trainer wide(config_, data);
  EXPECT_THROW(wide.restore(state), DataError);
}

TEST_F(TrainerTest, PredictsTheSameForAnyDivisionOfTheRows) {
  const PreparedData data = prepare_data(config_);
  const Trainer trainer(config_, data);
  Predictor predictor(schema_of(data.pipeline), config_.model, trainer.best_weights(),
                      config_.runtime);
  const std::vector<float> whole = predictor.probabilities(data.train.features);
  preprocessing::EncodedRows first = data.train.features;
  first.rows = 7;
  const std::vector<float> part = predictor.probabilities(first);
  for (std::size_t i = 0; i < part.size(); ++i) EXPECT_NEAR(part[i], whole[i], 1e-6F);
}

TEST_F(TrainerTest, EmbeddingsAreWhatTheHeadReads) {
  const PreparedData data = prepare_data(config_);
  const Trainer trainer(config_, data);
  const std::map<std::string, Tensor> weights = trainer.best_weights();
  const auto predictor_on = [&](int threads) {
    return Predictor(schema_of(data.pipeline), config_.model, weights, {.threads = threads});
  };
  Predictor predictor = predictor_on(1);
  const std::vector<float> embeddings = predictor.embeddings(data.train.features);
  const std::vector<float> logits = predictor.logits(data.train.features);
  const auto dim = static_cast<std::size_t>(config_.model.dim);
  ASSERT_EQ(embeddings.size(), logits.size() * dim);
  for (std::size_t row = 0; row < logits.size(); ++row) {
    float logit = *weights.at("head.bias").data<float>();
    for (std::size_t i = 0; i < dim; ++i) {
      logit += embeddings[row * dim + i] * weights.at("head.weight").data<float>()[i];
    }
    EXPECT_NEAR(logit, logits[row], 1e-5F);
  }
  EXPECT_EQ(predictor_on(3).embeddings(data.train.features), embeddings);
  EXPECT_TRUE(predictor.embeddings({}).empty());
}

TEST_F(TrainerTest, ChoosesABatchSizeForTheNumberOfRows) {
  PreparedData data;
  config_.training.batch_size = 0;
  const auto chosen = [&](std::size_t rows) {
    data.train.labels.resize(rows);
    return settled(config_, data).training.batch_size;
  };
  EXPECT_EQ(chosen(1), 16);
  EXPECT_EQ(chosen(260), 16);
  EXPECT_EQ(chosen(1000), 32);
  EXPECT_EQ(chosen(3250), 128);
  EXPECT_EQ(chosen(1'000'000), 128);
  config_.training.batch_size = 7;
  EXPECT_EQ(chosen(1000), 7);
}

TEST_F(TrainerTest, RowsOfWeightZeroAreNotLearnedFrom) {
  PreparedData data = prepare_data(config_);
  data.train.weights.assign(data.train.rows(), 1.5F);
  for (std::size_t row = 0; row < data.train.rows(); row += 3) data.train.weights[row] = 0.0F;
  const std::string before = fitted_bits(data);
  for (std::size_t row = 0; row < data.train.rows(); row += 3) {
    data.train.labels[row] = 1.0F - data.train.labels[row];
  }
  EXPECT_EQ(fitted_bits(data), before);
  data.train.labels[1] = 1.0F - data.train.labels[1];
  EXPECT_NE(fitted_bits(data), before);
}

TEST_F(TrainerTest, EqualWeightsChangeNothing) {
  PreparedData data = prepare_data(config_);
  const std::string before = fitted_bits(data);
  data.train.weights.assign(data.train.rows(), 1.0F);
  EXPECT_EQ(fitted_bits(data), before);
}

TEST_F(TrainerTest, BalancesTheClassesByTheWeightOfTheirRows) {
  PreparedData data = prepare_data(config_);
  data.train.labels = {1, 0, 0, 0, 1, 0, 0, 0};
  config_.training.positive_weight = 0.0;
  EXPECT_EQ(settled(config_, data).training.positive_weight, 3.0);
  data.train.weights = {2, 1, 1, 1, 1, 0, 0, 0};
  EXPECT_EQ(settled(config_, data).training.positive_weight, 1.0);
  config_.training.positive_weight = 2.5;
  EXPECT_EQ(settled(config_, data).training.positive_weight, 2.5);
}

TEST_F(TrainerTest, TheFocalLossTrainsOtherWeights) {
  const PreparedData data = prepare_data(config_);
  const std::string plain = fitted_bits(data);
  config_.training.focal_gamma = 2.0;
  const std::string focal = fitted_bits(data);
  EXPECT_NE(focal, plain);
  config_.training.positive_weight = 0.0;
  EXPECT_NE(fitted_bits(data), focal);
}

TEST_F(TrainerTest, FitsALogisticRegressionBeside) {
  const PreparedData data = prepare_data(config_);
  const PartScores baseline = fit_logistic_baseline(data, config_.runtime);
  ASSERT_EQ(baseline.train.size(), data.train.rows());
  ASSERT_EQ(baseline.test.size(), data.test.rows());
  EXPECT_GT(compute_metrics({.scores = baseline.train, .labels = data.train.labels}, 0.5).roc_auc,
            0.6);
}

TEST_F(TrainerTest, FitsALogisticRegressionWithoutAOneHotMatrix) {
  std::string table = "city,churn\n";
  for (int row = 0; row < 4000; ++row) {
    const int city = row % 2000;
    table += fmt::format("c{},{}\n", city, (city % 4 == 0) != (row % 100 == 7) ? 1 : 0);
  }
  config_.data.path = folder_.write("cities.csv", table);
  config_.data.drop_columns.clear();
  config_.preprocessing.drop_duplicates = false;
  const PreparedData data = prepare_data(config_);
  const auto held = [] {
    const MemoryStatistics memory = CachingAllocator::of(Device{}).statistics();
    return memory.current + memory.cached;
  };
  const std::size_t before = held();
  const PartScores baseline = fit_logistic_baseline(data, config_.runtime);
  // 2,600 rows of 1,400 levels would be 14 MB.
  EXPECT_LT(held() - before, std::size_t{2} << 20);
  EXPECT_GT(compute_metrics({.scores = baseline.train, .labels = data.train.labels}, 0.5).roc_auc,
            0.9);
}

}  // namespace
}  // namespace ebb::churn
