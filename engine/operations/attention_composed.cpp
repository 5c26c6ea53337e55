// Scaled dot-product attention built of simpler operations.
#include <cmath>
#include <limits>

#include "engine/operations/attention.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/linear.h"
#include "engine/operations/reduce.h"
#include "engine/operations/softmax.h"
#include "engine/operations/views.h"
#include "kernels/elementwise/elementwise.h"

namespace ebb {
namespace {

// `bias` with its batch and head dimensions repeated up to those of `shape`.
Tensor expanded(const Pass& pass, const Tensor& bias, const Shape& shape) {
  Tensor result = bias;
  for (const int dimension : {0, 1}) {
    if (result.extent(dimension) == shape[dimension]) continue;
    Shape without;
    for (int i = 0; i < 4; ++i) {
      if (i != dimension) without.push_back(result.extent(i));
    }
    result = repeat(pass, reshape(pass, result, without), dimension, shape[dimension]);
  }
  return result;
}

// 0 where a query sees a key and -inf where it does not.
Tensor hidden_keys(const Pass& pass, const AttentionOptions& options, const Shape& shape,
                   DType dtype) {
  const Tensor mask =
      options.key_padding_mask.defined() ? options.key_padding_mask.to(Device()) : Tensor();
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  const std::int64_t queries = shape[2];
  const std::int64_t keys = shape[3];
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    const std::int64_t key = i % keys;
    const std::int64_t query = i / keys % queries;
    const std::int64_t batch = i / (keys * queries * shape[1]);
    const bool hidden = (options.causal && key > query + keys - queries) ||
                        (mask.defined() && mask.data<std::uint8_t>()[batch * keys + key] != 0);
    values[static_cast<std::size_t>(i)] = hidden ? -std::numeric_limits<double>::infinity() : 0.0;
  }
  const Device device = pass.context.device();
  const Tensor exact = Tensor::from_values(shape, values, device);
  Tensor result = Tensor::empty(shape, dtype, device);
  kernels::cast(pass.context, {.input = exact.view(), .output = result.view()});
  return result;
}

}  // namespace

Tensor attention_composed(const Pass& pass, const Tensor& query, const Tensor& key,
                          const Tensor& value, const AttentionOptions& options) {
  if (pass.dropout(options.dropout, options.stream, 0).active()) {
    fail<UnsupportedError>("attention_composed: has no dropout, got a probability of {}",
                           options.dropout);
  }
  const double factor =
      options.scale != 0.0 ? options.scale : 1.0 / std::sqrt(static_cast<double>(query.extent(3)));
  Tensor scores = scale(pass, matmul(pass, query, transpose(pass, key, 2, 3)), factor);
  if (options.bias.defined()) {
    scores = add(pass, scores, expanded(pass, options.bias, scores.shape()));
  }
  if (options.causal || options.key_padding_mask.defined()) {
    scores = add(pass, scores, hidden_keys(pass, options, scores.shape(), scores.dtype()));
  }
  return matmul(pass, softmax(pass, scores), value);
}

}  // namespace ebb
