#include "engine/autograd/parameters.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::same_bits;

constexpr Initializer kNormal{Initializer::Kind::normal, 2.0};
constexpr Initializer kUniform{Initializer::Kind::uniform, 0.5};

TEST(ParametersTest, JoinsNamesAlongTheHierarchy) {
  ParameterSet parameters;
  const Scope scope = Scope(parameters).child("encoder").child("0");
  scope.parameter("weight", {2, 3}, kNormal, true);
  EXPECT_EQ(parameters.parameters().front().name, "encoder.0.weight");
  EXPECT_EQ(parameters.at("encoder.0.weight").shape, (Shape{2, 3}));
}

TEST(ParametersTest, LieInOneBufferWithZeroGaps) {
  ParameterSet parameters;
  const Scope scope(parameters);
  const Parameter& a = scope.parameter("a", {3}, {Initializer::Kind::constant, 1.0}, true);
  const Parameter& b = scope.parameter("b", {2, 9}, {Initializer::Kind::constant, 2.0}, false);
  parameters.initialize(1);
  EXPECT_EQ(parameters.elements(), 21);
  EXPECT_EQ(a.offset, 0);
  EXPECT_EQ(b.offset, 16);
  EXPECT_EQ(parameters.buffer().shape(), (Shape{48}));
  const auto values = parameters.buffer().values<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], i < 3 ? 1.0F : i >= 16 && i < 34 ? 2.0F : 0.0F) << i;
  }
  EXPECT_EQ(b.value.data<float>(), values.data() + 16);
}

TEST(ParametersTest, FirstValuesDoNotDependOnTheOrderOfDeclaration) {
  ParameterSet one;
  Scope(one).parameter("a", {5}, kNormal, true);
  Scope(one).parameter("b", {7}, kUniform, true);
  one.initialize(42);
  ParameterSet other;
  Scope(other).parameter("b", {7}, kUniform, true);
  Scope(other).parameter("a", {5}, kNormal, true);
  other.initialize(42);
  EXPECT_TRUE(same_bits(one.at("a").value, other.at("a").value));
  EXPECT_TRUE(same_bits(one.at("b").value, other.at("b").value));
  ParameterSet third;
  Scope(third).parameter("a", {5}, kNormal, true);
  third.initialize(43);
  EXPECT_FALSE(same_bits(one.at("a").value, third.at("a").value));
}

TEST(ParametersTest, DrawsFromTheDistributionAskedFor) {
  ParameterSet parameters(DType::f64);
  const Parameter& normal = Scope(parameters).parameter("normal", {20000}, kNormal, true);
  const Parameter& uniform = Scope(parameters).parameter("uniform", {20000}, kUniform, true);
  const Parameter& sign =
      Scope(parameters).parameter("sign", {20000}, {Initializer::Kind::sign, 3.0}, true);
  parameters.initialize(7);
  double sum = 0.0;
  double squares = 0.0;
  for (const double x : normal.value.values<double>()) {
    sum += x;
    squares += x * x;
  }
  // Standard errors: 2 / sqrt(20000) = 0.014 and 4 sqrt(2 / 20000) = 0.04.
  EXPECT_NEAR(sum / 20000, 0.0, 0.06);
  EXPECT_NEAR(squares / 20000, 4.0, 0.16);
  squares = 0.0;
  for (const double x : uniform.value.values<double>()) {
    EXPECT_LE(std::fabs(x), 0.5);
    squares += x * x;
  }
  EXPECT_NEAR(squares / 20000, 0.25 / 3.0, 0.003);
  sum = 0.0;
  for (const double x : sign.value.values<double>()) {
    EXPECT_EQ(std::fabs(x), 3.0);
    sum += x;
  }
  EXPECT_NEAR(sum / 20000, 0.0, 0.09);
}

TEST(ParametersTest, NumbersStreamsByName) {
  ParameterSet parameters;
  const std::uint32_t& late = Scope(parameters).child("z").stream();
  const std::uint32_t& early = Scope(parameters).child("a").stream();
  parameters.initialize(0);
  EXPECT_EQ(early, 0u);
  EXPECT_EQ(late, 1u);
}

TEST(ParametersTest, ErrorsNameTheParameter) {
  ParameterSet parameters;
  const Scope scope(parameters);
  scope.parameter("a.weight", {1}, kNormal, true);
  scope.child("a").stream();
  expect_error("parameter a.weight: two modules share this name",
               [&] { scope.child("a").parameter("weight", {1}, kNormal, true); });
  expect_error("random stream a: two modules share this name", [&] { scope.child("a").stream(); });
  expect_error("there is no parameter \"b\"; this model has a.weight",
               [&] { static_cast<void>(parameters.at("b")); });
  parameters.initialize(0);
  expect_error("parameter c: declared after initialize()",
               [&] { scope.parameter("c", {1}, kNormal, true); });
  expect_error("parameters: initialize() was called twice", [&] { parameters.initialize(0); });
}

}  // namespace
}  // namespace ebb
