// Tensors, contexts and tapes of different devices: an error that names the operation, the operand
// and both devices, before any kernel is given an address that it cannot reach.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/operations/activation.h"
#include "engine/operations/attention.h"
#include "engine/operations/dropout.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/embedding.h"
#include "engine/operations/layer_norm.h"
#include "engine/operations/linear.h"
#include "engine/operations/losses.h"
#include "engine/operations/periodic_encoding.h"
#include "engine/operations/piecewise_linear_encoding.h"
#include "engine/operations/reduce.h"
#include "engine/operations/softmax.h"
#include "engine/operations/unary.h"
#include "engine/operations/views.h"
#include "engine/optim/optimizer.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/support/test_device.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::test_device;
using MixedInputs = std::vector<Tensor>;

struct Input {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
};

struct MixedCase {
  std::string operation;
  std::vector<Input> inputs;
  std::function<void(const Pass&, const MixedInputs&)> run;
};

std::vector<MixedCase> cases() {
  const DropoutSpec half{.probability = 0.5F};
  return {
      {"activate",
       {{"input", {2, 3}}},
       [](auto& p, auto& x) { activate(p, x[0], Activation::gelu); }},
      {"attention",
       {{"query", {1, 2, 3, 4}},
        {"key", {1, 2, 3, 4}},
        {"value", {1, 2, 3, 4}},
        {"key_padding_mask", {1, 3}, DType::u8},
        {"bias", {1, 1, 3, 3}}},
       [](auto& p, auto& x) {
         attention(p, x[0], x[1], x[2], {.key_padding_mask = x[3], .bias = x[4]});
       }},
      {"self_attention",
       {{"query", {1, 3, 24}}, {"bias", {1, 1, 3, 3}}},
       [](auto& p, auto& x) { self_attention(p, x[0], 2, {.bias = x[1]}); }},
      {"leading_attention",
       {{"query", {1, 1, 8}}, {"key", {1, 3, 16}}},
       [](auto& p, auto& x) { leading_attention(p, x[0], x[1], 2); }},
      {"dropout", {{"input", {8}}}, [half](auto& p, auto& x) { dropout(p, x[0], half); }},
      {"add", {{"first", {2, 3}}, {"second", {3}}}, [](auto& p, auto& x) { add(p, x[0], x[1]); }},
      {"subtract",
       {{"first", {2, 3}}, {"second", {3}}},
       [](auto& p, auto& x) { subtract(p, x[0], x[1]); }},
      {"multiply",
       {{"first", {2, 3}}, {"second", {3}}},
       [](auto& p, auto& x) { multiply(p, x[0], x[1]); }},
      {"scale", {{"input", {3}}}, [](auto& p, auto& x) { scale(p, x[0], 2.0); }},
      {"embedding",
       {{"table", {3, 4}}, {"indices", {5}, DType::i32}},
       [](auto& p, auto& x) { embedding(p, x[0], x[1]); }},
      {"layer_norm",
       {{"input", {2, 4}}, {"gamma", {4}}, {"beta", {4}}},
       [](auto& p, auto& x) { layer_norm(p, x[0], x[1], x[2]); }},
      {"add_layer_norm",
       {{"residual", {2, 4}}, {"input", {2, 4}}, {"gamma", {4}}, {"beta", {4}}},
       [half](auto& p, auto& x) { add_layer_norm(p, x[0], x[1], x[2], x[3], half); }},
      {"linear",
       {{"input", {2, 3}}, {"weight", {4, 3}}, {"bias", {4}}},
       [](auto& p, auto& x) { linear(p, x[0], x[1], x[2]); }},
      {"matmul", {{"a", {2, 3}}, {"b", {3, 4}}}, [](auto& p, auto& x) { matmul(p, x[0], x[1]); }},
      {"binary_cross_entropy",
       {{"logits", {4}}, {"targets", {4}}, {"sample_weights", {4}}, {"ignored", {4}, DType::u8}},
       [](auto& p, auto& x) {
         binary_cross_entropy(p, x[0], x[1], {.sample_weights = x[2], .ignored = x[3]});
       }},
      {"cross_entropy",
       {{"logits", {4, 3}}, {"targets", {4}, DType::i32}, {"class_weights", {3}}},
       [](auto& p, auto& x) { cross_entropy(p, x[0], x[1], {.class_weights = x[2]}); }},
      {"mean_squared_error",
       {{"prediction", {4}}, {"target", {4}}},
       [](auto& p, auto& x) { mean_squared_error(p, x[0], x[1]); }},
      {"periodic_encoding",
       {{"input", {4, 2}}, {"frequencies", {2, 3}}},
       [](auto& p, auto& x) { periodic_encoding(p, x[0], x[1]); }},
      {"piecewise_linear_encoding",
       {{"input", {4, 2}}, {"edges", {2, 4}}, {"counts", {2}, DType::i32}},
       [](auto& p, auto& x) { piecewise_linear_encoding(p, x[0], x[1], x[2]); }},
      {"sum", {{"input", {2, 3}}}, [](auto& p, auto& x) { sum(p, x[0], 0); }},
      {"mean", {{"input", {2, 3}}}, [](auto& p, auto& x) { mean(p, x[0]); }},
      {"repeat", {{"input", {2, 3}}}, [](auto& p, auto& x) { repeat(p, x[0], 0, 2); }},
      {"softmax", {{"input", {2, 3}}}, [](auto& p, auto& x) { softmax(p, x[0]); }},
      {"exp", {{"input", {2, 3}}}, [](auto& p, auto& x) { exp(p, x[0]); }},
      {"contiguous",
       {{"input", {2, 3}}},
       [](auto& p, auto& x) { contiguous(p, transpose(p, x[0], 0, 1)); }},
      {"concat",
       {{"an input", {2, 3}}, {"an input", {2, 3}}},
       [](auto& p, auto& x) { concat(p, x, 0); }},
  };
}

class MixedDevicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test_device().is_cuda()) GTEST_SKIP() << "there is one device only";
  }

  /// MixedInputs of zeros on `device`, but number `moved` on `other`.
  static MixedInputs inputs_of(const MixedCase& c, Device device, Device other, std::size_t moved) {
    MixedInputs inputs;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
      const Input& input = c.inputs[i];
      inputs.push_back(Tensor::zeros(input.shape, input.dtype, i == moved ? other : device));
    }
    return inputs;
  }

  static std::string message(std::string_view operation, std::string_view operand, Device tensor,
                             Device context) {
    return fmt::format("{}: {} is on {}, the context on {}; bring them together with Tensor::to()",
                       operation, operand, to_string(tensor), to_string(context));
  }
};

TEST_F(MixedDevicesTest, EveryOperandOfEveryDeviceOperationIsNamed) {
  for (const auto& [device, other] :
       {std::pair{test_device(), Device()}, std::pair{Device(), test_device()}}) {
    Context context(device, 1);
    for (const MixedCase& c : cases()) {
      SCOPED_TRACE(c.operation);
      for (std::size_t i = 0; i < c.inputs.size(); ++i) {
        const MixedInputs inputs = inputs_of(c, device, other, i);
        expect_error(message(c.operation, c.inputs[i].name, other, device),
                     [&] { c.run(Pass{context}, inputs); });
      }
      EXPECT_NO_THROW(c.run(Pass{context}, inputs_of(c, device, other, c.inputs.size())));
    }
  }
}

TEST_F(MixedDevicesTest, AContextOfAnotherDeviceIsNamed) {
  Context here({}, 1);
  Context there(test_device(), 1);
  for (const MixedCase& c : cases()) {
    SCOPED_TRACE(c.operation);
    expect_error(message(c.operation, c.inputs[0].name, test_device(), Device()),
                 [&] { c.run(Pass{here}, inputs_of(c, test_device(), test_device(), 0)); });
    expect_error(message(c.operation, c.inputs[0].name, Device(), test_device()),
                 [&] { c.run(Pass{there}, inputs_of(c, {}, {}, 0)); });
  }
}

TEST_F(MixedDevicesTest, TapesAndOptimisersOfAnotherDeviceAreNamed) {
  Context here({}, 1);
  Context there(test_device(), 1);
  Tape tape(there);
  const Tensor input = Tensor::zeros({2, 3});
  expect_error(fmt::format("softmax: the tape is on {}, the context on cpu; give both one context",
                           to_string(test_device())),
               [&] {
                 softmax(Pass{here, &tape}, input);
               });

  ParameterSet parameters(DType::f32, test_device());
  Scope(parameters).parameter("weight", {4}, {}, true);
  parameters.initialize(1);
  expect_error(fmt::format("tape: the parameters are on {}, the context on cpu; make both for one "
                           "device",
                           to_string(test_device())),
               [&] { Tape(here, &parameters); });
  AdamW optimizer(parameters, {});
  const Tensor gradients = Tensor::zeros(parameters.buffer().shape());
  expect_error(message("optimizer", "the tensor of gradients", Device(), test_device()),
               [&] { optimizer.step(there, gradients, {}); });
  expect_error(message("optimizer", "the tensor of parameters", test_device(), Device()),
               [&] { optimizer.step(here, gradients, {}); });
  EXPECT_EQ(optimizer.steps(), 0);
}

}  // namespace
}  // namespace ebb
