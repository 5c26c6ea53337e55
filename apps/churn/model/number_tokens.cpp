#include "apps/churn/model/number_tokens.h"

#include <algorithm>
#include <cmath>

#include "engine/operations/activation.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/linear.h"
#include "engine/operations/periodic_encoding.h"
#include "engine/operations/piecewise_linear_encoding.h"
#include "engine/operations/views.h"
#include "kernels/elementwise/elementwise.h"

namespace ebb::churn {
namespace {

// Edges of all features in one tensor, rows padded with their last edge.
Tensor padded_edges(const InputSchema& schema, std::size_t most, DType dtype, Device device) {
  std::vector<double> edges;
  for (const std::vector<double>& feature : schema.bin_edges) {
    edges.insert(edges.end(), feature.begin(), feature.end());
    edges.insert(edges.end(), most - feature.size(), feature.back());
  }
  const Shape shape{schema.number_count(), static_cast<std::int64_t>(most)};
  if (dtype == DType::f64) return Tensor::from_values(shape, edges, device);
  return Tensor::from_values(shape, std::vector<float>(edges.begin(), edges.end()), device);
}

// [rows, features] -> [rows, features, 2]: the value and 1.
Tensor with_one(const Pass& pass, const Tensor& input) {
  const Shape column{input.extent(0), input.extent(1), 1};
  const Tensor ones = Tensor::empty(column, input.dtype(), input.device());
  kernels::fill(pass.context, {.value = 1.0, .output = ones.view()});
  const Tensor parts[] = {reshape(pass, input, column), ones};
  return concat(pass, parts, 2);
}

// encoding [rows, features, width] and weight [features, width, dim] -> [rows, features, dim].
Tensor linear_per_feature(const Pass& pass, const Tensor& encoding, const Tensor& weight) {
  return transpose(pass, matmul(pass, transpose(pass, encoding, 0, 1), weight), 0, 1);
}

Initializer uniform_for(std::int64_t inputs) {
  return {Initializer::Kind::uniform, 1.0 / std::sqrt(static_cast<double>(inputs))};
}

}  // namespace

NumberTokens::NumberTokens(const Scope& scope, const InputSchema& schema, const ModelConfig& config)
    : Module(scope), kind_(config.number_embedding) {
  std::int64_t width = 2;
  if (kind_ == NumberEmbedding::piecewise_linear) {
    std::size_t most = 2;
    std::vector<std::int32_t> bins;
    for (const std::vector<double>& edges : schema.bin_edges) {
      if (edges.size() < 2) fail<DataError>("a number feature has {} bin edges", edges.size());
      most = std::max(most, edges.size());
      bins.push_back(static_cast<std::int32_t>(edges.size()) - 1);
    }
    edges_ = padded_edges(schema, most, scope.dtype(), scope.device());
    edge_counts_ = Tensor::from_values({schema.number_count()}, bins, scope.device());
    width = static_cast<std::int64_t>(most) + 1;
  }
  weight_ = &scope.parameter("weight", {schema.number_count(), width, config.dim},
                             uniform_for(config.dim), false);
  if (kind_ == NumberEmbedding::periodic) {
    const std::int64_t waves = 2 * config.frequencies;
    frequencies_ = &scope.parameter("frequencies", {schema.number_count(), config.frequencies},
                                    {Initializer::Kind::normal, config.frequency_deviation}, false);
    periodic_weight_ =
        &scope.parameter("periodic_weight", {schema.number_count(), waves + 1, config.dim},
                         uniform_for(waves), false);
  }
}

Tensor NumberTokens::periodic_part(const Pass& pass, const Tensor& input) const {
  const Tensor waves = periodic_encoding(pass, input, pass.parameter(*frequencies_));
  const Tensor tokens = linear_per_feature(pass, waves, pass.parameter(*periodic_weight_));
  return activate(pass, contiguous(pass, tokens), Activation::relu);
}

Tensor NumberTokens::forward(const Pass& pass, const Tensor& input) const {
  const ModuleScope here(pass, *this);
  const Tensor encoding = kind_ == NumberEmbedding::piecewise_linear
                              ? piecewise_linear_encoding(pass, input, edges_, edge_counts_)
                              : with_one(pass, input);
  const Tensor tokens = linear_per_feature(pass, encoding, pass.parameter(*weight_));
  if (kind_ != NumberEmbedding::periodic) return tokens;
  return add(pass, contiguous(pass, tokens), periodic_part(pass, input));
}

}  // namespace ebb::churn
