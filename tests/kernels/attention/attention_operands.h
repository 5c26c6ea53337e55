// Operands of the attention tests in either precision, with every feature a case may ask for.
#pragma once

#include <ostream>

#include "kernels/attention/attention_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::testing {

enum class Layout { dense, fused };  // fused: query, key, value in one [batch, tokens, 3, heads, D]
enum class Padding { none, tail, holes };
enum class Bias { none, full, shared_batch, shared_heads, shared };

struct AttentionCase {
  std::int64_t batch = 2;
  std::int64_t heads = 2;
  std::int64_t queries = 7;
  std::int64_t keys = 7;
  std::int64_t head_dim = 8;
  Layout layout = Layout::dense;
  Padding padding = Padding::none;
  Bias bias = Bias::none;
  bool causal = false;
  float dropout = 0.0F;
};

/// While it lives, operands of every type ask for products in this precision.
class ProductsIn {
 public:
  explicit ProductsIn(Precision precision) : before_(now()) { now() = precision; }
  ProductsIn(const ProductsIn&) = delete;
  ProductsIn& operator=(const ProductsIn&) = delete;
  ~ProductsIn() { now() = before_; }

  static Precision current() { return now(); }

 private:
  static Precision& now() {
    static Precision precision = Precision::f32;
    return precision;
  }
  Precision before_;
};

/// Calls body.operator()<T>() on every storage backend, and on a CUDA device for f32 multiplied in
/// TF32 too.
template <class Body>
void for_each_attention_backend(Body&& body) {
  for_each_storage_backend(body);
  if (!test_device().is_cuda()) return;
  const ProductsIn products(Precision::tf32);
  run_covered<float>(body, "tf32");
}

/// The error rule for what is summed up from products: with TF32 in units of its 10 bits.
inline ErrorRule of_products(ErrorRule rule) {
  if (ProductsIn::current() == Precision::tf32) rule.epsilon = 0x1p-10;
  return rule;
}

inline void PrintTo(const AttentionCase& c, std::ostream* out) {
  *out << "batch " << c.batch << " heads " << c.heads << " queries " << c.queries << " keys "
       << c.keys << " head_dim " << c.head_dim << " layout " << static_cast<int>(c.layout)
       << " padding " << static_cast<int>(c.padding) << " bias " << static_cast<int>(c.bias)
       << " causal " << c.causal << " dropout " << c.dropout;
}

/// All operands of both directions, drawn from the same f32 values for every T.
template <class T>
struct AttentionOperands {
  explicit AttentionOperands(const AttentionCase& c)
      : spec(c),
        inputs(c, 1),
        grad_output(random_normal<T>({c.batch, c.queries, c.heads, c.head_dim}, 5)),
        bias(random_normal<T>(bias_shape(), 6)),
        mask({c.batch, c.keys}) {
    for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = hidden(i) ? 3 : 0;
  }

  kernels::AttentionForward forward() {
    kernels::AttentionForward p;
    set_inputs(p);
    p.output = transposed(output);
    p.log_sum_exp = log_sum_exp.view();
    return p;
  }

  kernels::AttentionBackward backward() {
    kernels::AttentionBackward p;
    set_inputs(p);
    p.output = transposed(output);
    p.log_sum_exp = log_sum_exp.view();
    p.grad_output = transposed(grad_output);
    p.grad_query = grads.query();
    p.grad_key = grads.key();
    p.grad_value = grads.value();
    if (spec.bias != Bias::none) p.grad_bias = grad_bias.view();
    return p;
  }

  std::size_t rows() const { return log_sum_exp.size(); }
  /// Element (b, h, q, i) of output or grad_output.
  std::size_t at(std::int64_t b, std::int64_t h, std::int64_t q, std::int64_t i) const {
    return static_cast<std::size_t>(((b * spec.queries + q) * spec.heads + h) * spec.head_dim + i);
  }

  /// Query, key and value (or their gradients), fused or each dense.
  struct Projections {
    static constexpr std::uint64_t kUnwritten = 1000;

    /// Random numbers of `seed`, or nothing from kUnwritten on.
    Projections(const AttentionCase& c, std::uint64_t seed)
        : fused(c.layout == Layout::fused),
          head_rows{c.batch, c.heads, c.queries, c.head_dim},
          all(make(fused ? Shape{c.batch, c.queries, 3, c.heads, c.head_dim} : Shape{0}, seed)),
          queries(make(fused ? Shape{0} : head_rows, seed + 1)),
          keys(make(fused ? Shape{0} : Shape{c.batch, c.heads, c.keys, c.head_dim}, seed + 2)),
          values(make(keys.shape(), seed + 3)) {}

    static Buffer<T> make(const Shape& shape, std::uint64_t seed) {
      return seed < kUnwritten ? random_normal<T>(shape, seed) : Buffer<T>(shape);
    }

    View query() { return fused ? part(0) : queries.view(); }
    View key() { return fused ? part(1) : keys.view(); }
    View value() { return fused ? part(2) : values.view(); }

    View part(std::int64_t i) {
      const std::int64_t row = head_rows[1] * head_rows[3];
      return {all.data() + i * row, dtype_of<T>, head_rows,
              Shape{head_rows[2] * 3 * row, head_rows[3], 3 * row, 1}};
    }

    bool fused;
    Shape head_rows;
    Buffer<T> all, queries, keys, values;
  };

  AttentionCase spec;
  Projections inputs;
  Buffer<T> grad_output, bias;
  Buffer<std::uint8_t> mask;
  Buffer<T> output{grad_output.shape()};
  Buffer<Statistic<T>> log_sum_exp{{spec.batch, spec.heads, spec.queries}};
  Projections grads{spec, Projections::kUnwritten};
  Buffer<T> grad_bias{bias.shape()};

 private:
  void set_inputs(kernels::AttentionInputs& p) {
    p.query = inputs.query();
    p.key = inputs.key();
    p.value = inputs.value();
    if (spec.padding != Padding::none) p.key_padding_mask = mask.view();
    if (spec.bias != Bias::none) p.bias = bias.view();
    p.causal = spec.causal;
    p.precision = ProductsIn::current();
    p.dropout = {.probability = spec.dropout,
                 .key = {.seed = 9, .step = 3, .stream = 2},
                 .first_element = 1003};
  }

  /// [batch, queries, heads, head_dim] seen as [batch, heads, queries, head_dim].
  View transposed(Buffer<T>& buffer) const {
    return {buffer.data(),
            dtype_of<T>,
            {spec.batch, spec.heads, spec.queries, spec.head_dim},
            Shape{spec.queries * spec.heads * spec.head_dim, spec.head_dim,
                  spec.heads * spec.head_dim, 1}};
  }

  Shape bias_shape() const {
    const bool one_batch = spec.bias == Bias::shared_batch || spec.bias == Bias::shared;
    const bool one_head = spec.bias == Bias::shared_heads || spec.bias == Bias::shared;
    return {one_batch ? 1 : spec.batch, one_head ? 1 : spec.heads, spec.queries, spec.keys};
  }

  bool hidden(std::size_t i) const {
    const auto keys = static_cast<std::size_t>(spec.keys);
    const std::size_t b = i / keys;
    const std::size_t k = i % keys;
    if (spec.padding == Padding::tail) return k >= keys - keys / (2 + b);
    return (k + b) % 3 == 0;
  }
};

template <class T>
void run_reference(AttentionOperands<T>& operands) {
  kernels::reference::attention<T>(operands.forward());
  kernels::reference::attention_backward<T>(operands.backward());
}

template <class T>
void run_kernel(AttentionOperands<T>& operands, int threads = 1) {
  Context context(test_device(), threads);
  kernels::attention(context, operands.forward());
  kernels::attention_backward(context, operands.backward());
  context.synchronize();
}

}  // namespace ebb::testing
