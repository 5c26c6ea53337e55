#include "kernels/attention/attention.h"

#include <gtest/gtest.h>

#include "tests/kernels/attention/attention_naive.h"
#include "tests/kernels/attention/attention_operands.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::kernels {
namespace {

using ebb::testing::AttentionCase;
using ebb::testing::AttentionOperands;
using ebb::testing::Bias;
using ebb::testing::Buffer;
using ebb::testing::ErrorRule;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::Layout;
using ebb::testing::of_products;
using ebb::testing::Padding;
using ebb::testing::run_kernel;
using ebb::testing::run_oracle_and_naive;
using ebb::testing::test_device;
using ebb::testing::to_double;
using ebb::testing::to_number;

/// The largest probability * (|grad_p| + |delta|): what cancels in a gradient of scores.
double largest_score_term(AttentionOperands<double>& oracle) {
  const AttentionForward p = oracle.forward();
  const AttentionCase& c = oracle.spec;
  double largest = 0.0;
  for (std::size_t row = 0; row < oracle.rows(); ++row) {
    const auto q = static_cast<std::int64_t>(row) % c.queries;
    const auto h = static_cast<std::int64_t>(row) / c.queries % c.heads;
    const auto b = static_cast<std::int64_t>(row) / c.queries / c.heads;
    const reference::AttentionHead<double> head(p, b, h);
    const double* grad_output = &oracle.grad_output[oracle.at(b, h, q, 0)];
    const double delta = head.dot(grad_output, &oracle.output[oracle.at(b, h, q, 0)]);
    for (std::int64_t k = 0; k < c.keys; ++k) {
      if (!head.visible(q, k)) continue;
      const double probability = std::exp(head.score(q, k) - oracle.log_sum_exp[row]);
      const double grad_p = head.dropout_factor(q, k) * head.dot(grad_output, head.value(k));
      largest = std::max(largest, probability * (std::fabs(grad_p) + std::fabs(delta)));
    }
  }
  return largest;
}

double largest_of(const Buffer<double>& buffer) {
  double largest = 0.0;
  for (const double value : buffer.values()) largest = std::max(largest, std::fabs(value));
  return largest;
}

template <class T>
void expect_gradients_within(AttentionOperands<T>& actual, AttentionOperands<float>& naive,
                             AttentionOperands<double>& oracle) {
  const double term = largest_score_term(oracle);
  ErrorRule rule = of_products(kGradientRule);
  rule.largest_intermediate = term;
  if (oracle.spec.bias != Bias::none) {
    const auto summed = static_cast<double>(oracle.spec.batch * oracle.spec.heads) /
                        static_cast<double>(oracle.bias.shape()[0] * oracle.bias.shape()[1]);
    rule.largest_intermediate *= summed;
    expect_within("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias, rule);
  }
  const double scale = 1.0 / std::sqrt(static_cast<double>(oracle.spec.head_dim));
  if (oracle.spec.layout == Layout::fused) {
    rule.largest_intermediate =
        std::max(term * scale * largest_of(oracle.inputs.all), largest_of(oracle.grads.all));
    return expect_within("grads", actual.grads.all, naive.grads.all, oracle.grads.all, rule);
  }
  rule.largest_intermediate = term * scale * largest_of(oracle.inputs.keys);
  expect_within("grad_query", actual.grads.queries, naive.grads.queries, oracle.grads.queries,
                rule);
  rule.largest_intermediate = term * scale * largest_of(oracle.inputs.queries);
  expect_within("grad_key", actual.grads.keys, naive.grads.keys, oracle.grads.keys, rule);
  expect_within("grad_value", actual.grads.values, naive.grads.values, oracle.grads.values,
                of_products(kGradientRule));
}

class AttentionTest : public ::testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_attention_backend([]<class T> {
    AttentionOperands<double> oracle(GetParam());
    AttentionOperands<float> naive(GetParam());
    run_oracle_and_naive<T>(oracle, naive);
    AttentionOperands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("output", actual.output, naive.output, oracle.output, of_products(kForwardRule));
    expect_within("log_sum_exp", actual.log_sum_exp, naive.log_sum_exp, oracle.log_sum_exp,
                  kForwardRule);
    expect_gradients_within(actual, naive, oracle);
  });
}

template <class T>
void expect_same_results(const AttentionOperands<T>& first, const AttentionOperands<T>& other) {
  expect_same_bits("output", first.output, other.output);
  expect_same_bits("log_sum_exp", first.log_sum_exp, other.log_sum_exp);
  expect_same_bits("grads", first.grads.all, other.grads.all);
  expect_same_bits("grad_query", first.grads.queries, other.grads.queries);
  expect_same_bits("grad_key", first.grads.keys, other.grads.keys);
  expect_same_bits("grad_value", first.grads.values, other.grads.values);
  if (first.spec.bias != Bias::none) {
    expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
  }
}

TEST_P(AttentionTest, HasEqualBitsForAnyNumberOfThreadsAndInEveryRun) {
  ebb::testing::for_each_attention_backend([]<class T> {
    AttentionOperands<T> first(GetParam());
    run_kernel(first, 1);
    for (const int threads : ebb::testing::kThreadCounts) {
      if (test_device().is_cuda() && threads > 1) break;  // a GPU has no threads to choose
      AttentionOperands<T> other(GetParam());
      run_kernel(other, threads);
      expect_same_results(first, other);
    }
  });
}

AttentionCase square(std::int64_t tokens, std::int64_t head_dim, AttentionCase c = {}) {
  c.queries = c.keys = tokens;
  c.head_dim = head_dim;
  return c;
}

AttentionCase oblong(std::int64_t queries, std::int64_t keys, std::int64_t head_dim,
                     AttentionCase c = {}) {
  c.queries = queries;
  c.keys = keys;
  c.head_dim = head_dim;
  return c;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionTest,
    ::testing::Values(square(1, 1), square(1, 8), square(7, 5), square(8, 8), square(20, 16),
                      square(31, 24), square(33, 32), square(50, 16), square(61, 24),
                      square(64, 64), square(257, 64), square(20, 128), square(17, 256),
                      oblong(7, 1, 16), oblong(1, 257, 24), square(8, 8, {.batch = 1, .heads = 3}),
                      square(17, 12, {.batch = 3, .heads = 1}), square(65, 20), oblong(4, 70, 192),
                      oblong(70, 32, 96), oblong(33, 130, 13), oblong(300, 20, 16),
                      // More than one tile of keys, and of queries, at every width.
                      oblong(70, 100, 96), square(130, 128, {.causal = true}),
                      square(20, 16, {.batch = 33, .heads = 4, .layout = Layout::fused})));

// Every feature at once, with more than one tile of keys, at the widths that are not among the
// cases above.
constexpr AttentionCase kEverything{
    .padding = Padding::holes, .bias = Bias::shared_heads, .causal = true, .dropout = 0.1F};

INSTANTIATE_TEST_SUITE_P(Everything, AttentionTest,
                         ::testing::Values(square(70, 64, kEverything),
                                           oblong(40, 70, 128, kEverything),
                                           oblong(20, 37, 200, kEverything)));

INSTANTIATE_TEST_SUITE_P(
    Masks, AttentionTest,
    ::testing::Values(square(20, 16, {.padding = Padding::tail}),
                      square(33, 13, {.padding = Padding::holes}),
                      square(257, 32, {.layout = Layout::fused, .padding = Padding::holes}),
                      oblong(5, 300, 8, {.padding = Padding::tail}),
                      square(20, 16, {.causal = true}), square(130, 24, {.causal = true}),
                      oblong(33, 160, 8, {.causal = true}), oblong(160, 33, 8, {.causal = true}),
                      square(150, 16, {.padding = Padding::holes, .causal = true})));

INSTANTIATE_TEST_SUITE_P(
    Biases, AttentionTest,
    ::testing::Values(square(20, 16, {.bias = Bias::full}),
                      square(33, 8, {.batch = 3, .bias = Bias::shared}),
                      oblong(7, 140, 16, {.heads = 5, .bias = Bias::shared_batch}),
                      oblong(31, 20, 16,
                             {.batch = 5, .padding = Padding::holes, .bias = Bias::shared_heads}),
                      square(40, 8, {.padding = Padding::tail, .bias = Bias::full, .causal = true}),
                      // More heads than slices: a block adds up several.
                      square(2, 8, {.batch = 1100, .heads = 1, .bias = Bias::shared_batch})));

INSTANTIATE_TEST_SUITE_P(
    Dropout, AttentionTest,
    ::testing::Values(square(20, 16, {.layout = Layout::fused, .dropout = 0.1F}),
                      square(33, 8, {.padding = Padding::holes, .dropout = 0.5F}),
                      square(52, 8, {.bias = Bias::full, .dropout = 0.1F}),
                      oblong(35, 261, 16, {.causal = true, .dropout = 0.1F}),
                      oblong(9, 300, 24,
                             {.padding = Padding::holes, .bias = Bias::shared, .dropout = 0.3F})));

TEST(AttentionTest, TakesNoKeysAndNoQueries) {
  ebb::testing::for_each_attention_backend([]<class T> {
    AttentionOperands<T> no_keys(oblong(5, 0, 8));
    run_kernel(no_keys);
    for (const T value : no_keys.output.values()) EXPECT_EQ(to_double(value), 0.0);
    for (const T value : no_keys.grads.queries.values()) EXPECT_EQ(to_double(value), 0.0);
    for (const std::int64_t keys : {5, 50}) {
      AttentionOperands<T> no_queries(oblong(0, keys, 8, {.bias = Bias::full}));
      run_kernel(no_queries);
      for (const T value : no_queries.grads.keys.values()) EXPECT_EQ(to_double(value), 0.0);
      for (const T value : no_queries.grads.values.values()) EXPECT_EQ(to_double(value), 0.0);
    }
    AttentionOperands<T> no_batch(oblong(5, 6, 8, {.batch = 0, .bias = Bias::shared_batch}));
    run_kernel(no_batch);
    for (const T value : no_batch.grad_bias.values()) EXPECT_EQ(to_double(value), 0.0);
  });
}

/// A copy of a view [batch, heads, rows, columns] whose rows begin at odd addresses.
template <class T>
struct Misaligned {
  explicit Misaligned(const ConstView& from)
      : memory({from.shape[0], from.shape[1], from.shape[2], from.shape[3] + 1}),
        shape(from.shape) {
    for (std::int64_t b = 0; b < shape[0]; ++b) {
      for (std::int64_t h = 0; h < shape[1]; ++h) {
        const HeadRows<const T> rows(from, b, h);
        const HeadRows<T> own(view(), b, h);
        for (std::int64_t i = 0; i < shape[2]; ++i) {
          std::copy_n(rows.row(i), shape[3], own.row(i));
        }
      }
    }
  }
  View view() {
    return {memory.data() + 1, dtype_of<T>, shape, contiguous_strides(memory.shape())};
  }

  Buffer<T> memory;
  Shape shape;
};

template <class T>
void expect_same_rows(const char* name, const View& first, const View& other) {
  for (std::int64_t b = 0; b < first.shape[0]; ++b) {
    for (std::int64_t h = 0; h < first.shape[1]; ++h) {
      const HeadRows<T> a(first, b, h);
      const HeadRows<T> c(other, b, h);
      for (std::int64_t i = 0; i < first.shape[2]; ++i) {
        const auto bytes = static_cast<std::size_t>(first.shape[3]) * sizeof(T);
        EXPECT_EQ(std::memcmp(a.row(i), c.row(i), bytes), 0) << name << " row " << i;
      }
    }
  }
}

TEST(AttentionTest, TakesMemoryThatIsNotAlignedToAPack) {
  for (const AttentionCase& c :
       {square(20, 16, {.bias = Bias::full}), square(40, 32, {.bias = Bias::shared})}) {
    ebb::testing::for_each_attention_backend([&]<class T> {
      AttentionOperands<T> operands(c);
      run_kernel(operands);
      AttentionForward f = operands.forward();
      AttentionBackward p = operands.backward();
      Misaligned<T> query(f.query), key(f.key), value(f.value), bias(f.bias), output(f.output);
      Misaligned<T> grad_output(p.grad_output), grad_query(p.query), grad_key(p.key);
      Misaligned<T> grad_value(p.value), grad_bias(p.bias);
      f.query = p.query = query.view();
      f.key = p.key = key.view();
      f.value = p.value = value.view();
      f.bias = p.bias = bias.view();
      f.output = output.view();
      p.output = output.view();
      p.grad_output = grad_output.view();
      p.grad_query = grad_query.view();
      p.grad_key = grad_key.view();
      p.grad_value = grad_value.view();
      p.grad_bias = grad_bias.view();
      Context context(test_device(), 1);
      attention(context, f);
      attention_backward(context, p);
      context.synchronize();
      const AttentionBackward aligned = operands.backward();
      expect_same_rows<T>("output", operands.forward().output, f.output);
      expect_same_rows<T>("grad_query", aligned.grad_query, p.grad_query);
      expect_same_rows<T>("grad_key", aligned.grad_key, p.grad_key);
      expect_same_rows<T>("grad_value", aligned.grad_value, p.grad_value);
      expect_same_rows<T>("grad_bias", aligned.grad_bias, p.grad_bias);
    });
  }
}

TEST(AttentionTest, DropsWhatTheReferenceDrops) {
  // With the identity as values, the output is the row of probabilities after dropout.
  ebb::testing::for_each_attention_backend([]<class T> {
    const AttentionCase c = oblong(37, 29, 29, {.padding = Padding::holes, .dropout = 0.25F});
    AttentionOperands<float> same(c);
    AttentionOperands<T> operands(c);
    for (std::size_t i = 0; i < operands.inputs.values.size(); ++i) {
      operands.inputs.values[i] = to_number<T>(i / 29 % 29 == i % 29 ? 1.0 : 0.0);
    }
    run_kernel(operands);
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t h = 0; h < 2; ++h) {
        const reference::AttentionHead<float> head(same.forward(), b, h);
        for (std::int64_t i = 0; i < 37 * 29; ++i) {
          const bool kept =
              head.visible(i / 29, i % 29) && head.dropout_factor(i / 29, i % 29) != 0.0F;
          EXPECT_EQ(to_double(operands.output[operands.at(b, h, i / 29, i % 29)]) != 0.0, kept);
        }
      }
    }
  });
}

TEST(AttentionTest, DropsWhatTheWholeBatchWouldInPartsOfIt) {
  // Rows of 29 elements (padded to 32) that lie 75 apart: pieces end within Philox blocks.
  ebb::testing::for_each_attention_backend([]<class T> {
    const AttentionCase c = oblong(19, 29, 29, {.dropout = 0.5F});
    AttentionOperands<float> same(c);
    AttentionOperands<T> operands(c);
    for (std::size_t i = 0; i < operands.inputs.values.size(); ++i) {
      operands.inputs.values[i] = to_number<T>(i / 29 % 29 == i % 29 ? 1.0 : 0.0);
    }
    AttentionForward p = operands.forward();
    p.dropout.run = 37;
    p.dropout.stride = 75;
    p.dropout.offset = 5;
    Context context(test_device(), 1);
    attention(context, p);
    context.synchronize();
    AttentionForward as_reference = same.forward();
    as_reference.dropout = p.dropout;
    for (std::int64_t row = 0; row < 4 * 19; ++row) {
      const std::int64_t b = row / 38;
      const std::int64_t h = row / 19 % 2;
      const reference::AttentionHead<float> head(as_reference, b, h);
      for (std::int64_t k = 0; k < 29; ++k) {
        EXPECT_EQ(to_double(operands.output[operands.at(b, h, row % 19, k)]) != 0.0,
                  head.dropout_factor(row % 19, k) != 0.0F);
      }
    }
  });
}

double loss_of(AttentionOperands<double>& operands) {
  Context context({}, 1);
  attention(context, operands.forward());
  double loss = 0.0;
  for (std::size_t i = 0; i < operands.output.size(); ++i) {
    loss += operands.output[i] * operands.grad_output[i];
  }
  return loss;
}

TEST(AttentionTest, HasTheGradientsOfFiniteDifferencesInFloat64) {
  AttentionOperands<double> operands(oblong(
      6, 9, 5,
      {.padding = Padding::holes, .bias = Bias::shared_heads, .causal = true, .dropout = 0.2F}));
  loss_of(operands);
  Context context({}, 1);
  attention_backward(context, operands.backward());
  const auto expect_gradient = [&](Buffer<double>& input, const Buffer<double>& gradient) {
    constexpr double kStep = 1e-5;
    for (std::size_t i = 0; i < input.size(); ++i) {
      const double before = input[i];
      input[i] = before + kStep;
      const double above = loss_of(operands);
      input[i] = before - kStep;
      const double below = loss_of(operands);
      input[i] = before;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-8);
    }
  };
  expect_gradient(operands.inputs.queries, operands.grads.queries);
  expect_gradient(operands.inputs.keys, operands.grads.keys);
  expect_gradient(operands.inputs.values, operands.grads.values);
  expect_gradient(operands.bias, operands.grad_bias);
}

}  // namespace
}  // namespace ebb::kernels
