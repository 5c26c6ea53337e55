// Operands that do not fit: every operation refuses each of them by a message that names the
// operation, before it gives the device anything to do. And operands without elements, which fit.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/activation/activation.h"
#include "kernels/adamw/adamw.h"
#include "kernels/attention/attention.h"
#include "kernels/binary_cross_entropy/binary_cross_entropy.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/dropout/dropout.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/embedding/embedding.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/linear/linear.h"
#include "kernels/matrix_product/matrix_product.h"
#include "kernels/mean_squared_error/mean_squared_error.h"
#include "kernels/periodic_encoding/periodic_encoding.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"
#include "kernels/reduce/reduce.h"
#include "kernels/sgd/sgd.h"
#include "kernels/softmax/softmax.h"
#include "kernels/unary/unary.h"
#include "tests/support/test_device.h"

namespace ebb::kernels {
namespace {

using ebb::testing::test_device;
using ebb::testing::test_memory;
using Views = std::vector<View>;

struct Operand {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
};

struct Case {
  std::string operation;
  std::vector<Operand> operands;
  std::function<void(Context&, const Views&)> run;
};

// `n`: rows of a batch, which may be none.
std::vector<Case> cases(std::int64_t n) {
  return {
      {"activation",
       {{"input", {n, 4}}, {"bias", {4}}, {"derivative", {n, 4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) {
         activation(c, {.input = v[0], .bias = v[1], .derivative = v[2], .output = v[3]});
       }},
      {"attention",
       {{"query", {n, 2, 3, 4}},
        {"key", {n, 2, 5, 4}},
        {"value", {n, 2, 5, 4}},
        {"key_padding_mask", {n, 5}, DType::u8},
        {"output", {n, 2, 3, 4}},
        {"log_sum_exp", {n, 2, 3}}},
       [](Context& c, const Views& v) {
         attention(
             c,
             {{.query = v[0], .key = v[1], .value = v[2], .key_padding_mask = v[3]}, v[4], v[5]});
       }},
      {"binary_cross_entropy",
       {{"logits", {n}},
        {"targets", {n}},
        {"ignored", {n}, DType::u8},
        {"loss", {}},
        {"grad_logits", {n}}},
       [](Context& c, const Views& v) {
         binary_cross_entropy(c, {.logits = v[0],
                                  .targets = v[1],
                                  .ignored = v[2],
                                  .normalizer = 1.0,
                                  .loss = v[3],
                                  .grad_logits = v[4]});
       }},
      {"cross_entropy",
       {{"logits", {n, 3}}, {"targets", {n}, DType::i32}, {"loss", {}}, {"grad_logits", {n, 3}}},
       [](Context& c, const Views& v) {
         cross_entropy(c, {.logits = v[0],
                           .targets = v[1],
                           .normalizer = 1.0,
                           .loss = v[2],
                           .grad_logits = v[3]});
       }},
      {"mean_squared_error",
       {{"prediction", {n}}, {"target", {n}}, {"loss", {}}, {"grad_prediction", {n}}},
       [](Context& c, const Views& v) {
         mean_squared_error(c, {.prediction = v[0],
                                .target = v[1],
                                .normalizer = 1.0,
                                .loss = v[2],
                                .grad_prediction = v[3]});
       }},
      {"dropout",
       {{"input", {n, 4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) { dropout(c, {.input = v[0], .output = v[1]}); }},
      {"multiply",
       {{"first", {n, 4}}, {"second", {4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) {
         binary(c, {.operation = BinaryOperation::multiply,
                    .first = v[0],
                    .second = v[1],
                    .output = v[2]});
       }},
      {"scale",
       {{"input", {n, 4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) { scale(c, {.input = v[0], .output = v[1]}); }},
      {"embedding",
       {{"table", {3, 4}}, {"indices", {n}, DType::i32}, {"output", {n, 4}}},
       [](Context& c, const Views& v) {
         embedding(c, {.table = v[0], .indices = v[1], .output = v[2]});
       }},
      {"layer_norm",
       {{"input", {n, 4}},
        {"gamma", {4}},
        {"beta", {4}},
        {"output", {n, 4}},
        {"mean", {n}},
        {"inverse_deviation", {n}}},
       [](Context& c, const Views& v) {
         layer_norm(c, {.input = v[0],
                        .gamma = v[1],
                        .beta = v[2],
                        .output = v[3],
                        .mean = v[4],
                        .inverse_deviation = v[5]});
       }},
      {"linear",
       {{"input", {n, 3}}, {"weight", {4, 3}}, {"bias", {4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) {
         linear(c, {.input = v[0], .weight = v[1], .bias = v[2], .output = v[3]});
       }},
      {"matrix_product",
       {{"a", {n, 3}}, {"b", {3, 4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) {
         matrix_product(c, {.a = v[0], .b = v[1], .output = v[2]});
       }},
      {"periodic_encoding",
       {{"input", {n, 2}}, {"frequencies", {2, 3}}, {"output", {n, 2, 7}}},
       [](Context& c, const Views& v) {
         periodic_encoding(c, {.input = v[0], .frequencies = v[1], .output = v[2]});
       }},
      {"piecewise_linear_encoding",
       {{"input", {n, 2}}, {"edges", {2, 4}}, {"counts", {2}, DType::i32}, {"output", {n, 2, 5}}},
       [](Context& c, const Views& v) {
         piecewise_linear_encoding(c,
                                   {.input = v[0], .edges = v[1], .counts = v[2], .output = v[3]});
       }},
      {"reduce",
       {{"input", {n, 4}}, {"output", {4}}},
       [](Context& c, const Views& v) {
         reduce(c, {.input = v[0], .dimension = 0, .output = v[1]});
       }},
      {"softmax",
       {{"input", {n, 4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) { softmax(c, {.input = v[0], .output = v[1]}); }},
      {"unary",
       {{"input", {n, 4}}, {"output", {n, 4}}},
       [](Context& c, const Views& v) { unary(c, {.input = v[0], .output = v[1]}); }},
      {"adamw",
       {{"parameters", {n}}, {"gradients", {n}}, {"first_moment", {n}}, {"second_moment", {n}}},
       [](Context& c, const Views& v) {
         adamw(
             c,
             {.parameters = v[0], .gradients = v[1], .first_moment = v[2], .second_moment = v[3]});
       }},
      {"sgd",
       {{"parameters", {n}}, {"gradients", {n}}, {"momentum_buffer", {n}}},
       [](Context& c, const Views& v) {
         sgd(c, {.parameters = v[0], .gradients = v[1], .momentum_buffer = v[2], .momentum = 0.9});
       }},
  };
}

class BadOperandsTest : public ::testing::Test {
 protected:
  /// Operands of zeros, each in memory of its own.
  Views views_of(const Case& c) {
    Views views;
    for (const Operand& operand : c.operands) {
      constexpr std::size_t kBytes = 4096;
      memory_.push_back(test_memory(kBytes));
      std::fill_n(memory_.back().get(), kBytes, std::byte{0});
      views.emplace_back(memory_.back().get(), operand.dtype, operand.shape);
    }
    return views;
  }

  void expect_refused(const Case& c, const Views& views, std::string_view named) {
    try {
      c.run(context_, views);
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with(c.operation)) << error.what();
      EXPECT_NE(std::string_view(error.what()).find(named), std::string_view::npos) << error.what();
    }
  }

  Context context_{test_device(), 1};
  std::vector<ebb::testing::TestMemory> memory_;
};

TEST_F(BadOperandsTest, NoOperationTakesAnotherShape) {
  for (const Case& c : cases(6)) {
    const Views good = views_of(c);
    EXPECT_NO_THROW(c.run(context_, good)) << c.operation;
    for (std::size_t i = 0; i < good.size(); ++i) {
      SCOPED_TRACE(c.operation + " " + c.operands[i].name);
      Views views = good;
      Shape shape = good[i].shape;
      shape.push_back(2);
      views[i] = View(good[i].data, good[i].dtype, shape);
      expect_refused(c, views, "");
      if (shape.rank() == 1) continue;
      shape = good[i].shape;
      ++shape[0];
      views[i] = View(good[i].data, good[i].dtype, shape);
      // A table, or what is added up over its rows, may have any number of them.
      if (i == 0 && (c.operation == "embedding" || c.operation == "reduce")) continue;
      expect_refused(c, views, "");
    }
  }
  context_.synchronize();
}

TEST_F(BadOperandsTest, NoOperationTakesAnotherType) {
  for (const Case& c : cases(6)) {
    const Views good = views_of(c);
    for (std::size_t i = 0; i < good.size(); ++i) {
      SCOPED_TRACE(c.operation + " " + c.operands[i].name);
      Views views = good;
      views[i].dtype = DType::i64;
      expect_refused(c, views, "");
    }
  }
}

// Strides of 2: the elements lie in the buffer, but not next to each other.
TEST_F(BadOperandsTest, NoOperationTakesGapsUnasked) {
  for (const Case& c : cases(6)) {
    const Views good = views_of(c);
    for (std::size_t i = 0; i < good.size(); ++i) {
      if (good[i].shape.rank() == 0) continue;
      SCOPED_TRACE(c.operation + " " + c.operands[i].name);
      Views views = good;
      for (int d = 0; d < good[i].shape.rank(); ++d) views[i].strides[d] *= 2;
      expect_refused(c, views, c.operands[i].name);
    }
  }
}

TEST_F(BadOperandsTest, EveryOperationTakesNoRows) {
  for (const Case& c : cases(0)) {
    SCOPED_TRACE(c.operation);
    EXPECT_NO_THROW(c.run(context_, views_of(c)));
    EXPECT_NO_THROW(context_.synchronize());
  }
}

}  // namespace
}  // namespace ebb::kernels
