// Hidden keys, empty rows, NaN and infinity, and operands that do not fit.
#include <functional>

#include <gtest/gtest.h>

#include "tests/kernels/attention/attention_naive.h"
#include "tests/kernels/attention/attention_operands.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/support/message_of.h"

namespace ebb::kernels {
namespace {

using ebb::testing::AttentionCase;
using ebb::testing::AttentionOperands;
using ebb::testing::Bias;
using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::of_products;
using ebb::testing::Padding;
using ebb::testing::run_kernel;
using ebb::testing::run_oracle_and_naive;
using ebb::testing::test_device;
using ebb::testing::to_double;
using ebb::testing::to_number;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Sets a row of a dense [batch, heads, rows, columns].
template <class T>
void fill_row(Buffer<T>& buffer, std::int64_t b, std::int64_t h, std::int64_t row, float value) {
  const Shape& s = buffer.shape();
  std::fill_n(buffer.data() + ((b * s[1] + h) * s[2] + row) * s[3], s[3], to_number<T>(value));
}

template <class T>
void set(Buffer<T>& buffer, std::int64_t i, float value) {
  buffer[static_cast<std::size_t>(i)] = to_number<T>(value);
}

template <class T>
void fill_grad_output(AttentionOperands<T>& o, std::int64_t b, std::int64_t h, std::int64_t q,
                      float value) {
  std::fill_n(o.grad_output.data() + o.at(b, h, q, 0), o.spec.head_dim, to_number<T>(value));
}

/// Calls change(operands) on an oracle and a kernel run and expects the same values to be finite,
/// infinite and NaN everywhere, and the finite ones to agree.
template <class Change>
void expect_like_reference(const AttentionCase& c, Change change) {
  ebb::testing::for_each_attention_backend([&]<class T> {
    AttentionOperands<double> oracle(c);
    AttentionOperands<float> naive(c);
    AttentionOperands<T> actual(c);
    change(oracle);
    change(naive);
    change(actual);
    run_oracle_and_naive<T>(oracle, naive);
    run_kernel(actual);
    const auto expect = [](const char* name, const auto& got, const Buffer<float>& same,
                           const Buffer<double>& expected) {
      expect_within(name, got, same, expected,
                    of_products({.factor = 3.0, .largest_intermediate = 10.0}));
    };
    expect("output", actual.output, naive.output, oracle.output);
    expect("log_sum_exp", actual.log_sum_exp, naive.log_sum_exp, oracle.log_sum_exp);
    expect("grad_query", actual.grads.queries, naive.grads.queries, oracle.grads.queries);
    expect("grad_key", actual.grads.keys, naive.grads.keys, oracle.grads.keys);
    expect("grad_value", actual.grads.values, naive.grads.values, oracle.grads.values);
    if (c.bias != Bias::none) {
      expect("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias);
    }
  });
}

constexpr AttentionCase kPlain{.queries = 37, .keys = 35, .head_dim = 13};

AttentionCase with(AttentionCase c, Padding padding, Bias bias, bool causal) {
  c.padding = padding;
  c.bias = bias;
  c.causal = causal;
  return c;
}

TEST(AttentionSpecialValuesTest, HiddenKeysContributeNothing) {
  for (const Padding padding : {Padding::tail, Padding::holes}) {
    const AttentionCase c = with(kPlain, padding, Bias::none, false);
    ebb::testing::for_each_attention_backend([&]<class T> {
      AttentionOperands<T> clean(c);
      AttentionOperands<T> dirty(c);
      for (std::int64_t i = 0; i < c.batch * c.keys; ++i) {
        if (dirty.mask[static_cast<std::size_t>(i)] == 0) continue;
        for (std::int64_t h = 0; h < c.heads; ++h) {
          fill_row(dirty.inputs.keys, i / c.keys, h, i % c.keys, i % 2 == 0 ? kNaN : kInfinity);
          fill_row(dirty.inputs.values, i / c.keys, h, i % c.keys, kNaN);
        }
      }
      run_kernel(clean);
      run_kernel(dirty);
      expect_same_bits("output", clean.output, dirty.output);
      expect_same_bits("log_sum_exp", clean.log_sum_exp, dirty.log_sum_exp);
      expect_same_bits("grad_query", clean.grads.queries, dirty.grads.queries);
      expect_same_bits("grad_key", clean.grads.keys, dirty.grads.keys);
      expect_same_bits("grad_value", clean.grads.values, dirty.grads.values);
    });
  }
}

TEST(AttentionSpecialValuesTest, CausalityHidesNaN) {
  // Key 20 and what it makes NaN, query 7's gradient: only pairs that see each other are touched.
  expect_like_reference(with(kPlain, Padding::none, Bias::none, true), [](auto& o) {
    fill_row(o.inputs.keys, 0, 1, 20, kNaN);
    fill_row(o.inputs.values, 1, 0, 20, kNaN);
    fill_grad_output(o, 1, 1, 7, kNaN);
  });
}

TEST(AttentionSpecialValuesTest, ARowThatSeesNothingIsZero) {
  const AttentionCase c = with(kPlain, Padding::holes, Bias::none, true);
  const auto change = [](auto& o) {
    std::fill_n(o.mask.data(), o.spec.keys, std::uint8_t{1});
    fill_row(o.inputs.keys, 0, 0, 3, kNaN);
    fill_row(o.inputs.values, 0, 0, 3, kNaN);
    fill_grad_output(o, 0, 0, 0, kNaN);
  };
  expect_like_reference(c, change);
  ebb::testing::for_each_attention_backend([&]<class T> {
    AttentionOperands<T> operands(c);
    change(operands);
    run_kernel(operands);
    // Batch entry 0 is hidden altogether; in entry 1 causality hides all from the first 2 queries.
    for (std::int64_t h = 0; h < c.heads; ++h) {
      for (std::int64_t q = 0; q < c.queries; ++q) {
        EXPECT_EQ(to_double(operands.output[operands.at(0, h, q, 0)]), 0.0);
        EXPECT_EQ(operands.log_sum_exp[static_cast<std::size_t>(h * c.queries + q)], -kInfinity);
      }
      for (const std::int64_t q : {0, 1}) {
        EXPECT_EQ(to_double(operands.output[operands.at(1, h, q, 5)]), 0.0);
      }
    }
    for (std::size_t i = 0; i < operands.grads.queries.size() / 2; ++i) {
      EXPECT_EQ(to_double(operands.grads.queries[i]), 0.0);
    }
  });
}

TEST(AttentionSpecialValuesTest, ARowOfMinusInfinityBiasIsZero) {
  for (const std::int64_t keys : {std::int64_t{35}, std::int64_t{290}}) {
    AttentionCase c = with(kPlain, Padding::none, Bias::full, false);
    c.keys = keys;
    expect_like_reference(c, [](auto& o) {
      fill_row(o.bias, 0, 1, 4, -kInfinity);
      fill_row(o.bias, 1, 1, 36, -kInfinity);
      // Nothing infinite or NaN of an empty row reaches a gradient.
      fill_row(o.inputs.queries, 0, 1, 4, 1.0F);
      fill_row(o.inputs.keys, 0, 1, 7, -kInfinity);
      fill_grad_output(o, 1, 1, 36, kNaN);
      // The first 200 keys of one row: with many keys, whole blocks of -inf.
      const std::int64_t hidden = std::min<std::int64_t>(o.spec.keys - 1, 200);
      for (std::int64_t i = 0; i < hidden; ++i) set(o.bias, i, -kInfinity);
    });
  }
}

TEST(AttentionSpecialValuesTest, NaNAndInfinityInVisibleKeysSpreadAsInTheFormula) {
  for (const std::int64_t keys : {std::int64_t{35}, std::int64_t{290}}) {
    AttentionCase c = kPlain;
    c.keys = keys;
    expect_like_reference(c, [](auto& o) {
      fill_row(o.inputs.keys, 0, 0, o.spec.keys - 1, kNaN);
      fill_row(o.inputs.keys, 0, 1, 5, kInfinity);
      fill_row(o.inputs.queries, 1, 0, 6, kNaN);
      set(o.inputs.values, static_cast<std::int64_t>(o.inputs.values.size()) - 3, kInfinity);
    });
  }
}

TEST(AttentionSpecialValuesTest, AScoreOfInfinityIsNaN) {
  expect_like_reference(with(kPlain, Padding::none, Bias::full, false), [](auto& o) {
    set(o.bias, 3, kInfinity);
    set(o.bias, 40, kNaN);
    set(o.bias, 80, -kInfinity);
  });
}

TEST(AttentionSpecialValuesTest, KeepsPrecisionAtLargeScores) {
  expect_like_reference(with(kPlain, Padding::none, Bias::full, false), [](auto& o) {
    for (std::int64_t q = 0; q < o.spec.queries; ++q) {
      fill_row(o.bias, 0, 0, q, 1000.0F);
      fill_row(o.bias, 1, 0, q, -1000.0F);
    }
  });
}

TEST(AttentionSpecialValuesTest, TakesBiasesUpToTheLargestNumbers) {
  if (test_device().is_cuda()) GTEST_SKIP() << "halves do not hold such numbers";
  // The least f32 is what some mask with.
  constexpr float kLargest = std::numeric_limits<float>::max();
  expect_like_reference(with(kPlain, Padding::none, Bias::full, false), [](auto& o) {
    for (std::int64_t q = 0; q < o.spec.queries; ++q) {
      fill_row(o.bias, 0, 0, q, q % 2 == 0 ? -2.5e38F : 2.5e38F);
      fill_row(o.bias, 0, 1, q, -kLargest);
      set(o.bias, (2 * o.spec.queries + q) * o.spec.keys + q % 5, -kLargest);
    }
  });
}

TEST(AttentionSpecialValuesTest, FollowsScoresThatGrowFromBlockToBlock) {
  AttentionCase c = with(kPlain, Padding::none, Bias::full, false);
  c.keys = 290;
  expect_like_reference(c, [](auto& o) {
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(o.bias.size()); ++i) {
      // Rows that grow by 0, 4.35, 8.7, ... over all keys: by less than a block notices, and more.
      const std::int64_t row = i / o.spec.keys % 7;
      const double slope = 0.015 * static_cast<double>(i % o.spec.keys * row);
      set(o.bias, i, static_cast<float>(ebb::testing::InputGrid::rounded(slope)));
    }
  });
}

std::string message_of(const std::function<void(AttentionBackward&)>& change) {
  AttentionOperands<float> operands(kPlain);
  Context context({}, 1);
  AttentionBackward p = operands.backward();
  change(p);
  return ebb::testing::message_of<Error>([&] { attention_backward(context, p); });
}

TEST(AttentionSpecialValuesTest, NamesTheOperandThatDoesNotFit) {
  Buffer<float> other({2, 2, 30, 13});
  Buffer<double> doubles({2, 2, 37, 13});
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.value = other.view(); }),
            "attention_backward: value is [2, 2, 30, 13], expected [2, 2, 35, 13] (as key)");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.grad_query = doubles.view(); }),
            "attention_backward: grad_query has dtype f64, expected f32");
  EXPECT_EQ(message_of([&](AttentionBackward& p) {
              p.query.shape = {2, 37, 13};
            }),
            "attention_backward: query is [2, 37, 13], expected [batch, heads, tokens, head_dim]");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.key.strides[3] = 2; }),
            "attention_backward: key [2, 2, 35, 13] with strides [910, 455, 13, 2] has gaps in its "
            "last dimension; copy it first");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.bias = other.view(); }),
            "attention_backward: bias is [2, 2, 30, 13], expected [2, 2, 37, 35] ([batch or 1, "
            "heads or 1, queries, keys])");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.grad_bias = other.view(); }),
            "attention_backward: grad_bias is given without a bias");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.log_sum_exp = {}; }),
            "attention_backward: log_sum_exp is missing");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.dropout.probability = 1.0F; }),
            "attention_backward: dropout probability is 1, expected one in [0, 1)");
  EXPECT_EQ(message_of([&](AttentionBackward& p) { p.scale = -1.0; }),
            "attention_backward: scale is -1, expected 0 or more");
}

TEST(AttentionSpecialValuesTest, AGpuCountsTheHeadsThatShareABiasIn32Bits) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no such limit";
  AttentionOperands<float> operands(kPlain);
  AttentionBackward p = operands.backward();
  const auto pretend = [](auto& view, const Shape& shape) {
    view.shape = shape;
    view.strides = contiguous_strides(shape);
  };
  const Shape shape = {65536, 32768, 1, 1};
  for (ConstView* view : {&p.query, &p.key, &p.value, &p.output, &p.grad_output}) {
    pretend(*view, shape);
  }
  for (View* view : {&p.grad_query, &p.grad_key, &p.grad_value}) pretend(*view, shape);
  pretend(p.log_sum_exp, {65536, 32768, 1});
  p.bias = p.query;
  p.grad_bias = p.grad_query;
  pretend(p.bias, {1, 1, 1, 1});
  pretend(p.grad_bias, {1, 1, 1, 1});
  Context context(test_device(), 1);
  EXPECT_EQ(ebb::testing::message_of<Error>([&] { attention_backward(context, p); }),
            "attention_backward: 2147483648 heads share one bias, at most 2147483647 can on a GPU");
}

TEST(AttentionSpecialValuesTest, RefusesStorageTypesAndWideHeads) {
  EXPECT_EQ(attention_unsupported({}, DType::f32, 256), "");
  EXPECT_EQ(attention_unsupported({}, DType::f32, 257), "head_dim is 257, expected 1 to 256");
  EXPECT_EQ(attention_unsupported({}, DType::f16, 64),
            "the CPU computes in f32 and f64, not in f16; cast first");
  EXPECT_EQ(attention_unsupported({}, DType::f32, 64, Precision::tf32),
            "tf32 needs a GPU of compute capability 8.0, and this runs on the CPU: use f32, or a "
            "CUDA device");
  EXPECT_EQ(attention_unsupported({}, DType::f64, 64, Precision::tf32),
            "tf32 is of f32 operands, not of f64");
  EXPECT_EQ(attention_unsupported({}, DType::f32, 64, Precision::bf16),
            "bf16 is a precision of linear layers alone");
}

}  // namespace
}  // namespace ebb::kernels
