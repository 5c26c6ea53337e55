// Every differentiable operation, forward and backward, on the device under test.
#include "tests/engine/support/device_parity.h"

#include <functional>
#include <string>

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
#include "kernels/elementwise/elementwise.h"

namespace ebb {
namespace {

using ebb::testing::random_tensor;
using Inputs = std::span<const Tensor>;

constexpr PassSettings kTraining{.training = true, .seed = 7, .step = 3};

struct ParityCase {
  std::string name;
  CheckedFunction function;
  std::vector<Shape> inputs;
  CheckedFunction naive = {};  // empty: the same function
  bool positive = false;       // inputs greater than 0.1
};

void PrintTo(const ParityCase& c, std::ostream* stream) { *stream << c.name; }

// Integers on the device of a pass.
template <class T>
Tensor constants(const Pass& pass, const Shape& shape, const std::vector<T>& values) {
  return Tensor::from_values(shape, values, pass.context.device());
}

Tensor labels(const Pass& pass) { return constants<std::int32_t>(pass, {5}, {0, 3, -100, 6, 2}); }

Tensor token_rows(const Pass& pass) {
  return constants<std::int32_t>(pass, {3, 4}, {0, 4, 2, 4, 0, 1, 2, 4, 0, 0, 0, 2});
}

Tensor padding(const Pass& pass) {
  return constants<std::uint8_t>(pass, {2, 5}, {0, 0, 1, 0, 0, 0, 1, 0, 0, 1});
}

CheckedFunction activating(Activation kind) {
  return [kind](const Pass& pass, Inputs x) { return activate(pass, x[0], kind); };
}

CheckedFunction linear_with(Activation kind, double dropout) {
  return [kind, dropout](const Pass& pass, Inputs x) {
    return linear(pass, x[0], x[1], x[2], kind, pass.dropout(dropout, 2, 3 * x[1].extent(0)));
  };
}

CheckedFunction plain_linear(Activation kind, double dropout) {
  return [kind, dropout](const Pass& pass, Inputs x) {
    return linear_composed(pass, x[0], x[1], x[2], kind,
                           pass.dropout(dropout, 2, 3 * x[1].extent(0)));
  };
}

std::vector<ParityCase> pointwise_cases() {
  std::vector<ParityCase> cases;
  for (const auto& [name, kind] :
       std::vector<std::pair<std::string, Activation>>{{"identity", Activation::identity},
                                                       {"relu", Activation::relu},
                                                       {"gelu", Activation::gelu},
                                                       {"silu", Activation::silu}}) {
    cases.push_back({"activate_" + name, activating(kind), {{7, 33}}});
  }
  const auto positive = [&](const char* name, CheckedFunction function) {
    cases.push_back({name, std::move(function), {{3, 37}}, {}, true});
  };
  positive("log", [](const Pass& pass, Inputs x) { return log(pass, x[0]); });
  positive("sqrt", [](const Pass& pass, Inputs x) { return sqrt(pass, x[0]); });
  positive("reciprocal", [](const Pass& pass, Inputs x) { return reciprocal(pass, x[0]); });
  const auto add_case = [&](const char* name, std::vector<Shape> inputs, CheckedFunction function) {
    cases.push_back({name, std::move(function), std::move(inputs)});
  };
  add_case("exp", {{3, 37}}, [](const Pass& pass, Inputs x) { return exp(pass, x[0]); });
  add_case("scale", {{3, 37}}, [](const Pass& pass, Inputs x) { return scale(pass, x[0], -0.3); });
  add_case("add", {{3, 4, 5}, {3, 4, 5}},
           [](const Pass& pass, Inputs x) { return add(pass, x[0], x[1]); });
  add_case("add_repeated", {{3, 4, 5}, {4, 5}},
           [](const Pass& pass, Inputs x) { return add(pass, x[0], x[1]); });
  add_case("add_to_itself", {{3, 5}},
           [](const Pass& pass, Inputs x) { return add(pass, x[0], x[0]); });
  add_case("subtract", {{6, 5}, {5}},
           [](const Pass& pass, Inputs x) { return subtract(pass, x[0], x[1]); });
  add_case("multiply", {{6, 5}, {5}},
           [](const Pass& pass, Inputs x) { return multiply(pass, x[0], x[1]); });
  add_case("dropout", {{6, 50}}, [](const Pass& pass, Inputs x) {
    return dropout(pass, x[0], pass.dropout(0.3, 4, 50));
  });
  return cases;
}

std::vector<ParityCase> shape_cases() {
  return {
      {"sum", [](const Pass& pass, Inputs x) { return sum(pass, x[0]); }, {{7, 33}}},
      {"mean", [](const Pass& pass, Inputs x) { return mean(pass, x[0]); }, {{7, 33}}},
      {"sum_first", [](const Pass& pass, Inputs x) { return sum(pass, x[0], 0); }, {{7, 3, 5}}},
      {"mean_middle", [](const Pass& pass, Inputs x) { return mean(pass, x[0], 1); }, {{7, 3, 5}}},
      {"sum_last", [](const Pass& pass, Inputs x) { return sum(pass, x[0], -1); }, {{7, 3, 65}}},
      {"repeat", [](const Pass& pass, Inputs x) { return repeat(pass, x[0], 1, 6); }, {{4, 5}}},
      {"reshape_transpose",
       [](const Pass& pass, Inputs x) {
         const Tensor turned = transpose(pass, reshape(pass, x[0], {3, 4, 5}), 0, 2);
         return contiguous(pass, turned);
       },
       {{12, 5}}},
      {"slice_twice",
       [](const Pass& pass, Inputs x) {
         const Tensor first = contiguous(pass, slice(pass, x[0], 1, 1, 3));
         return add(pass, first, contiguous(pass, slice(pass, x[0], 1, 2, 3)));
       },
       {{4, 6, 3}}},
      {"leading", [](const Pass& pass, Inputs x) { return leading(pass, x[0], 2); }, {{3, 4, 5}}},
      {"concat",
       [](const Pass& pass, Inputs x) { return concat(pass, x, 1); },
       {{3, 2, 5}, {3, 4, 5}, {3, 1, 5}}},
      {"softmax", [](const Pass& pass, Inputs x) { return softmax(pass, x[0]); }, {{7, 65}}},
      {"matmul",
       [](const Pass& pass, Inputs x) { return matmul(pass, x[0], x[1]); },
       {{9, 33}, {33, 7}}},
      {"matmul_batched",
       [](const Pass& pass, Inputs x) { return matmul(pass, transpose(pass, x[0], 0, 1), x[1]); },
       {{6, 3, 9}, {3, 9, 4}}},
  };
}

std::vector<ParityCase> layer_cases() {
  const auto norm = [](const Pass& pass, Inputs x) { return layer_norm(pass, x[0], x[1], x[2]); };
  const auto residual_norm = [](const Pass& pass, Inputs x) {
    const ResidualNorm both =
        add_layer_norm(pass, x[0], x[1], x[2], x[3], pass.dropout(0.2, 5, 4 * 33));
    return add(pass, both.sum, both.output);
  };
  return {
      {"linear",
       linear_with(Activation::identity, 0.0),
       {{5, 3, 33}, {20, 33}, {20}},
       plain_linear(Activation::identity, 0.0)},
      {"linear_gelu_dropout",
       linear_with(Activation::gelu, 0.2),
       {{5, 3, 33}, {20, 33}, {20}},
       plain_linear(Activation::gelu, 0.2)},
      {"layer_norm", norm, {{6, 33}, {33}, {33}}},
      {"add_layer_norm", residual_norm, {{3, 4, 33}, {3, 4, 33}, {33}, {33}}},
      {"embedding",
       [](const Pass& pass, Inputs x) { return embedding(pass, x[0], token_rows(pass)); },
       {{5, 12}}},
      {"periodic_encoding",
       [](const Pass& pass, Inputs x) { return periodic_encoding(pass, x[0], x[1]); },
       {{9, 3}, {3, 6}}},
      {"piecewise_linear_encoding",
       [](const Pass& pass, Inputs x) {
         const Tensor edges = Tensor::from_values(
             {2, 4}, std::vector<double>{-1.0, -0.25, 0.5, 1.5, -0.75, 0.125, 0.125, 0.125});
         const Tensor exact = x[0].dtype() == DType::f64 ? edges : ebb::testing::as_f32(edges);
         return piecewise_linear_encoding(pass, x[0], exact.to(pass.context.device()),
                                          constants<std::int32_t>(pass, {2}, {3, 1}));
       },
       {{9, 2}}},
  };
}

AttentionOptions with_dropout(AttentionOptions options) {
  options.dropout = 0.2;
  options.stream = 6;
  return options;
}

std::vector<ParityCase> attention_cases() {
  return {
      {"attention",
       [](const Pass& pass, Inputs x) { return attention(pass, x[0], x[1], x[2]); },
       {{2, 2, 3, 8}, {2, 2, 5, 8}, {2, 2, 5, 8}}},
      {"attention_causal_dropout",
       [](const Pass& pass, Inputs x) {
         return attention(pass, x[0], x[1], x[2], with_dropout({.causal = true}));
       },
       {{2, 2, 5, 8}, {2, 2, 5, 8}, {2, 2, 5, 8}}},
      {"attention_padding_bias",
       [](const Pass& pass, Inputs x) {
         return attention(pass, x[0], x[1], x[2],
                          {.key_padding_mask = padding(pass), .bias = x[3]});
       },
       {{2, 2, 3, 8}, {2, 2, 5, 8}, {2, 2, 5, 8}, {1, 2, 3, 5}}},
      {"self_attention",
       [](const Pass& pass, Inputs x) {
         return self_attention(pass, x[0], 2, with_dropout({.key_padding_mask = padding(pass)}));
       },
       {{2, 5, 48}}},
      {"leading_attention",
       [](const Pass& pass, Inputs x) {
         return leading_attention(pass.with(LeadingPositions{2, 5}), x[0], x[1], 2,
                                  with_dropout({}));
       },
       {{2, 2, 16}, {2, 5, 32}}},
  };
}

// Losses are multiplied by an upstream gradient other than 1.
std::vector<ParityCase> loss_cases() {
  return {
      {"binary_cross_entropy",
       [](const Pass& pass, Inputs x) {
         const Tensor targets = constants<std::uint8_t>(pass, {9}, {0, 1, 1, 0, 0, 1, 0, 1, 0});
         const Tensor exact = Tensor::empty({9}, x[0].dtype(), x[0].device());
         kernels::cast(pass.context, {.input = targets.view(), .output = exact.view()});
         return binary_cross_entropy(pass, x[0], exact,
                                     {.positive_weight = 1.5, .label_smoothing = 0.1});
       },
       {{9, 1}}},
      {"cross_entropy",
       [](const Pass& pass, Inputs x) {
         return cross_entropy(pass, x[0], labels(pass), {.label_smoothing = 0.1});
       },
       {{5, 7}}},
      {"mean_squared_error",
       [](const Pass& pass, Inputs x) {
         return mean_squared_error(pass, x[0], x[1].with_slot({}));
       },
       {{5, 7}, {5, 7}}},
  };
}

std::vector<ParityCase> all_cases() {
  std::vector<ParityCase> all;
  for (auto* group : {pointwise_cases, shape_cases, layer_cases, attention_cases, loss_cases}) {
    for (ParityCase& c : group()) all.push_back(std::move(c));
  }
  return all;
}

class DeviceParityTest : public ::testing::TestWithParam<ParityCase> {};

TEST_P(DeviceParityTest, ForwardAndGradientsAreAsExactAsTheCpus) {
  const ParityCase& c = GetParam();
  std::vector<Tensor> inputs;
  for (const Shape& shape : c.inputs) {
    inputs.push_back(random_tensor(shape, 1 + inputs.size()));
    if (!c.positive) continue;
    for (double& value : inputs.back().values<double>()) {
      value = static_cast<double>(static_cast<float>(std::fabs(value) + 0.1));
    }
  }
  ebb::testing::expect_parity(c.function, inputs, kTraining, c.naive);
}

INSTANTIATE_TEST_SUITE_P(Operations, DeviceParityTest, ::testing::ValuesIn(all_cases()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace ebb
