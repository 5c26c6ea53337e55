// The network against PyTorch in float64: tests/data/make_parity_fixture.py made the fixture.
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "apps/churn/artefact/named_tensors.h"
#include "apps/churn/model/ft_transformer.h"
#include "apps/churn/training/weights.h"
#include "engine/operations/losses.h"
#include "engine/optim/optimizer.h"
#include "kernels/elementwise/elementwise.h"
#include "tests/support/test_data.h"

namespace ebb::churn {
namespace {

InputSchema fixture_schema() {
  return {{{-1.5, -0.5, 0.25, 1.0, 2.0}, {0.0, 1.0}, {-2.0, -1.0, -0.2, 0.1, 0.4, 1.1, 3.0}},
          {5, 3}};
}

ModelConfig fixture_model() {
  return {.dim = 32,
          .layers = 2,
          .heads = 4,
          .feed_forward = 48,
          .attention_dropout = 0.0,
          .activation_dropout = 0.0,
          .residual_dropout = 0.0,
          .number_embedding = NumberEmbedding::piecewise_linear};
}

/// The fixture with its f64 tensors converted to the dtype under test.
class Fixture {
 public:
  explicit Fixture(DType dtype) : dtype_(dtype) {
    const SafetensorsFile file(ebb::testing::test_data("parity.safetensors"));
    tensors_ = tensors_of(file.entries());
  }

  Tensor at(const std::string& name) const {
    const Tensor& tensor = tensors_.at(name);
    if (tensor.dtype() != DType::f64 || dtype_ == DType::f64) return tensor;
    Context context;
    const Tensor converted = Tensor::empty(tensor.shape(), dtype_);
    kernels::cast(context, {.input = tensor.view(), .output = converted.view()});
    return converted;
  }
  /// The tensors whose names start with `prefix`, by the rest of their names.
  std::map<std::string, Tensor> below(const std::string& prefix) const {
    std::map<std::string, Tensor> found;
    for (const auto& [name, tensor] : tensors_) {
      if (name.starts_with(prefix)) found.emplace(name.substr(prefix.size()), at(name));
    }
    return found;
  }
  /// The exact values.
  std::span<const double> exact(const std::string& name) const {
    return tensors_.at(name).values<double>();
  }

 private:
  DType dtype_;
  std::map<std::string, Tensor> tensors_;
};

double element(const Tensor& tensor, std::size_t i) {
  return tensor.dtype() == DType::f64 ? tensor.values<double>()[i] : tensor.values<float>()[i];
}

/// ||actual - expected|| / ||expected||.
double relative_distance(const Tensor& actual, std::span<const double> expected) {
  double difference = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(element(actual, i) - expected[i], 2);
    norm += expected[i] * expected[i];
  }
  return std::sqrt(difference / norm);
}

struct Tolerance {
  DType dtype;
  double tensor;  // relative distance of logits, loss and each gradient
  double loss;    // of the losses of ten steps
};

class ParityTest : public ::testing::TestWithParam<Tolerance> {};

TEST_P(ParityTest, HasTheLogitsLossGradientsAndStepsOfPyTorch) {
  const Tolerance tolerance = GetParam();
  const Fixture fixture(tolerance.dtype);
  Network network(fixture_schema(), fixture_model(), 0, tolerance.dtype);
  assign_weights(network.parameters, fixture.below("weight/"));
  const Batch batch{fixture.at("numbers"), fixture.at("token_rows")};
  const Tensor targets = fixture.at("targets");

  Context context({}, 1);
  Tape tape(context, &network.parameters);
  AdamW optimizer(network.parameters, {.weight_decay = 0.1});
  const std::span<const double> losses = fixture.exact("losses");
  for (std::size_t step = 0; step < losses.size(); ++step) {
    SCOPED_TRACE(step);
    const Pass pass{context, &tape};
    const Tensor logits = network.model.forward(pass, batch);
    const Tensor loss = binary_cross_entropy(pass, logits, targets);
    tape.backward(loss);
    EXPECT_NEAR(loss.item(), losses[step], tolerance.loss);
    if (step == 0) {
      EXPECT_LE(relative_distance(logits, fixture.exact("logits")), tolerance.tensor);
      for (const Parameter& parameter : network.parameters.parameters()) {
        EXPECT_LE(relative_distance(tape.gradient(parameter),
                                    fixture.exact("gradient/" + parameter.name)),
                  tolerance.tensor)
            << parameter.name;
      }
    }
    optimizer.step(context, tape.gradients(), {.learning_rate = 1e-2});
    tape.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, ParityTest,
                         ::testing::Values(Tolerance{DType::f64, 1e-10, 1e-10},
                                           Tolerance{DType::f32, 1e-5, 1e-4}));

}  // namespace
}  // namespace ebb::churn
