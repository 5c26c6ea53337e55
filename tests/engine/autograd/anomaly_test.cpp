#include "engine/autograd/anomaly.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"
#include "engine/operations/unary.h"
#include "tests/engine/support/small_classifier.h"

namespace ebb {
namespace {

using ebb::testing::random_tensor;
using ebb::testing::same_bits;
using ebb::testing::SmallBatch;
using ebb::testing::SmallClassifier;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr PassSettings kTraining{.training = true, .seed = 7, .step = 3};

struct Outcome {
  std::string anomaly;  // empty: none
  Tensor gradients;
};

Outcome run(const SmallClassifier& model, const SmallBatch& batch, int threads, bool detect) {
  GradientStep step(model.parameters, {}, threads);
  step.detect_anomalies(detect);
  step.run(Lanes::plan(batch.rows, 4), kTraining,
           [&](const Pass& pass, RowRange range) { return batch.loss(model, pass, range); });
  return {step.anomaly() != nullptr ? describe(*step.anomaly()) : "", step.gradients()};
}

/// The same message for every number of threads.
std::string anomaly_of(const SmallClassifier& model, const SmallBatch& batch) {
  const std::string one = run(model, batch, 1, true).anomaly;
  for (int threads = 2; threads <= 5; ++threads) {
    EXPECT_EQ(run(model, batch, threads, true).anomaly, one) << threads << " threads";
  }
  return one;
}

float* values_of(const SmallClassifier& model, std::string_view name) {
  return model.parameters.at(name).value.data<float>();
}

TEST(AnomalyTest, FindsTheFirstElementThatIsNotFinite) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    Tensor tensor = random_tensor({3, 4, 5}, 1, dtype);
    EXPECT_FALSE(first_non_finite(tensor));
    const auto set = [&](std::int64_t i, double value) {
      if (dtype == DType::f64) {
        tensor.data<double>()[i] = value;
      } else {
        tensor.data<float>()[i] = static_cast<float>(value);
      }
    };
    set(59, kNaN);
    EXPECT_TRUE(std::isnan(first_non_finite(tensor).value()));
    set(58, -kInfinity);
    EXPECT_EQ(first_non_finite(tensor), -kInfinity);
    EXPECT_TRUE(std::isnan(first_non_finite(tensor.slice(2, 4, 1)).value()));
    EXPECT_FALSE(first_non_finite(tensor.slice(2, 0, 3)));
    EXPECT_EQ(first_non_finite(tensor.transpose(0, 2)), -kInfinity);
  }
  EXPECT_FALSE(first_non_finite(Tensor()));
  EXPECT_FALSE(first_non_finite(Tensor::zeros({4}, DType::i32)));
  Tensor half = Tensor::zeros({4}, DType::bf16);
  half.data<BFloat16>()[2] = to_bfloat16(std::numeric_limits<float>::infinity());
  EXPECT_EQ(first_non_finite(half), kInfinity);
}

TEST(AnomalyTest, ChangesNothingWhereThereIsNone) {
  const SmallClassifier model(DType::f32);
  const SmallBatch batch(37, DType::f32);
  const Outcome plain = run(model, batch, 2, false);
  const Outcome watched = run(model, batch, 2, true);
  EXPECT_EQ(watched.anomaly, "");
  EXPECT_TRUE(same_bits(plain.gradients, watched.gradients));
}

TEST(AnomalyTest, IsNotLookedForUnlessAsked) {
  const SmallClassifier model(DType::f32);
  values_of(model, "head.bias")[0] = NAN;
  EXPECT_EQ(run(model, SmallBatch(8, DType::f32), 1, false).anomaly, "");
}

TEST(AnomalyTest, NamesAParameterThatIsBad) {
  const SmallClassifier model(DType::f32);
  values_of(model, "head.weight")[2] = INFINITY;
  values_of(model, "encoder.layers.1.linear1.weight")[7] = NAN;
  EXPECT_EQ(anomaly_of(model, SmallBatch(37, DType::f32)),
            "parameter encoder.layers.1.linear1.weight holds nan");
}

TEST(AnomalyTest, NamesTheOperationOfTheForwardDirection) {
  const SmallClassifier model(DType::f32);
  // Scores of 1e40 and more.
  const Tensor& weight =
      model.parameters.at("encoder.layers.1.attention.in_projection.weight").value;
  for (float& value : weight.values<float>()) value *= 1e25F;
  EXPECT_EQ(
      anomaly_of(model, SmallBatch(37, DType::f32)),
      "the forward direction of self_attention in encoder.layers.1.attention made nan: output "
      "[4, 5, 16]");
}

TEST(AnomalyTest, NamesTheOperationOfTheBackwardDirection) {
  const SmallClassifier model(DType::f32);
  // Logits are moderate, but the gradient of what the head reads is 1e10 * 3e38.
  for (float& value : model.parameters.at("head.weight").value.values<float>()) value = 3e38F;
  for (float& value : model.parameters.at("encoder.norm.weight").value.values<float>()) {
    value = 1e-36F;
  }
  SmallBatch batch(37, DType::f32);
  for (float& value : batch.targets.values<float>()) value = 1e12F;
  EXPECT_EQ(anomaly_of(model, batch),
            "the backward direction of linear in head made -inf: gradient of an input [4, 16]");
}

TEST(AnomalyTest, ReportsTheFirstShard) {
  const SmallClassifier model(DType::f32);
  SmallBatch batch(37, DType::f32);
  const std::int64_t row = SmallClassifier::kLength * SmallClassifier::kDim;
  batch.input.data<float>()[30 * row] = NAN;
  batch.input.data<float>()[13 * row] = INFINITY;
  EXPECT_EQ(anomaly_of(model, batch),
            "an input of layer_norm in encoder.layers.0.norm1 holds inf: data [4, 5, 16]");
}

class TapeAnomalyTest : public ::testing::Test {
 protected:
  TapeAnomalyTest() { tape.detect_anomalies(true); }
  std::string found() const { return tape.anomaly() != nullptr ? describe(*tape.anomaly()) : ""; }

  Context context{{}, 1};
  Tape tape{context};
  Pass pass{context, &tape};
};

TEST_F(TapeAnomalyTest, BlamesTheOperationAndNotWhatFollows) {
  const Tensor x = tape.watch(Tensor::full({2}, 0.0, DType::f64));
  tape.backward(sum(pass, scale(pass, exp(pass, log(pass, x)), 2.0)));
  EXPECT_EQ(found(), "the forward direction of log made -inf: output [2]");
  tape.clear();
  EXPECT_EQ(found(), "");
}

TEST_F(TapeAnomalyTest, TellsBackwardFromForward) {
  const Tensor x = tape.watch(Tensor::full({2}, 0.0, DType::f64));
  tape.backward(sum(pass, scale(pass, sqrt(pass, x), 2.0)));
  EXPECT_EQ(found(), "the backward direction of sqrt made inf: gradient of an input [2]");
}

TEST_F(TapeAnomalyTest, BlamesDataThatWereBadAlready) {
  const Tensor x = tape.watch(Tensor::full({2}, 1.0, DType::f64));
  const Tensor data = Tensor::full({2}, kNaN, DType::f64);
  sum(pass, multiply(pass, x, data));
  EXPECT_EQ(found(), "an input of multiply holds nan: data [2]");
}

// What no recorded operation reads is no matter.
TEST_F(TapeAnomalyTest, ForgetsInputsOfOperationsThatAreNotRecorded) {
  const Tensor data = Tensor::full({2}, kNaN, DType::f64);
  multiply(pass, data, data);
  const Tensor x = tape.watch(Tensor::full({2}, 1e200, DType::f64));
  multiply(pass, x, x);
  EXPECT_EQ(found(), "the forward direction of multiply made inf: output [2]");
}

}  // namespace
}  // namespace ebb
