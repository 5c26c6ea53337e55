// The engine without ebb: a network of two layers learns "one or the other, not both".
//   train_xor FILE    trains, shows what was learned, and saves the weights (safetensors) to FILE
#include <fmt/format.h>

#include "engine/io/safetensors.h"
#include "engine/modules/linear.h"
#include "engine/modules/sequential.h"
#include "engine/operations/losses.h"
#include "engine/optim/optimizer.h"

int main(int count, char** arguments) {
  using namespace ebb;
  const Tensor inputs = Tensor::from_values({4, 2}, std::vector<float>{0, 0, 0, 1, 1, 0, 1, 1});
  const Tensor targets = Tensor::from_values({4}, std::vector<float>{0, 1, 1, 0});

  ParameterSet parameters;
  Sequential network;
  network.add<Linear>(Scope(parameters), 2, 16, LinearOptions{.activation = Activation::gelu});
  network.add<Linear>(Scope(parameters), 16, 1);
  parameters.initialize(/*seed=*/1);

  AdamW optimizer(parameters, {.weight_decay = 0.0});
  Context context;
  Tape tape(context, &parameters);
  for (int step = 0; step < 300; ++step) {
    const Pass pass{.context = context, .tape = &tape, .settings = {.training = true}};
    tape.backward(binary_cross_entropy(pass, network.forward(pass, inputs), targets));
    optimizer.step(context, tape.gradients(), {.learning_rate = 0.02});
    tape.clear();
  }

  const Tensor logits = network.forward({.context = context}, inputs);
  bool learned = true;
  for (std::size_t row = 0; row < 4; ++row) {
    const bool answer = logits.values<float>()[row] > 0;
    fmt::print("{} xor {} = {:d}\n", row / 2, row % 2, answer);
    learned = learned && answer == (targets.values<float>()[row] > 0);
  }
  std::vector<SafetensorsEntry> weights;
  for (const Parameter& parameter : parameters.parameters()) {
    const auto bytes = std::as_bytes(parameter.value.values<float>());
    weights.push_back({parameter.name, DType::f32, parameter.shape, bytes});
  }
  if (count > 1) write_safetensors(arguments[1], weights, {{"example", "xor"}});
  return learned ? 0 : 1;
}
