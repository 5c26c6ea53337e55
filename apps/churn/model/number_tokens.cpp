#include "apps/churn/model/number_tokens.h"

#include <algorithm>
#include <cmath>

#include "engine/operations/activation.h"
#include "engine/operations/encodings.h"
#include "engine/operations/linear.h"
#include "engine/operations/views.h"

namespace ebb::churn {
namespace {

// Edges of all features in one tensor, rows padded with their last edge.
Tensor padded_edges(const InputSchema& schema, std::size_t most, DType dtype) {
  std::vector<double> edges;
  for (const std::vector<double>& feature : schema.bin_edges) {
    edges.insert(edges.end(), feature.begin(), feature.end());
    edges.insert(edges.end(), most - feature.size(), feature.back());
  }
  const Shape shape{schema.number_count(), static_cast<std::int64_t>(most)};
  if (dtype == DType::f64) return Tensor::from_values(shape, edges);
  return Tensor::from_values(shape, std::vector<float>(edges.begin(), edges.end()));
}

}  // namespace

NumberTokens::NumberTokens(const Scope& scope, const InputSchema& schema, const ModelConfig& config)
    : kind_(config.number_embedding) {
  std::int64_t width = 2;
  if (kind_ == NumberEmbedding::piecewise_linear) {
    std::size_t most = 2;
    std::vector<std::int32_t> counts;
    for (const std::vector<double>& edges : schema.bin_edges) {
      if (edges.size() < 2) fail<DataError>("a number feature has {} bin edges", edges.size());
      most = std::max(most, edges.size());
      counts.push_back(static_cast<std::int32_t>(edges.size()) - 1);
    }
    edges_ = padded_edges(schema, most, scope.dtype());
    edge_counts_ = Tensor::from_values({schema.number_count()}, counts);
    width = static_cast<std::int64_t>(most) + 1;
  } else if (kind_ == NumberEmbedding::periodic) {
    frequencies_ = &scope.parameter("frequencies", {schema.number_count(), config.frequencies},
                                    {Initializer::Kind::normal, config.frequency_deviation}, false);
    width = 2 * config.frequencies + 1;
  }
  const double deviation = 1.0 / std::sqrt(static_cast<double>(config.dim));
  weight_ = &scope.parameter("weight", {schema.number_count(), width, config.dim},
                             {Initializer::Kind::uniform, deviation}, false);
}

Tensor NumberTokens::encode(const Pass& pass, const Tensor& input) const {
  switch (kind_) {
    case NumberEmbedding::piecewise_linear:
      return piecewise_linear_encoding(pass, input, edges_, edge_counts_);
    case NumberEmbedding::periodic:
      return periodic_encoding(pass, input, pass.parameter(*frequencies_));
    case NumberEmbedding::linear:
      break;
  }
  const Shape column{input.extent(0), input.extent(1), 1};
  const Tensor parts[] = {reshape(pass, input, column), Tensor::full(column, 1.0, input.dtype())};
  return concat(pass, parts, 2);
}

Tensor NumberTokens::forward(const Pass& pass, const Tensor& input) const {
  const Tensor encoding = transpose(pass, encode(pass, input), 0, 1);
  const Tensor tokens = transpose(pass, matmul(pass, encoding, pass.parameter(*weight_)), 0, 1);
  if (kind_ != NumberEmbedding::periodic) return tokens;
  return activate(pass, contiguous(pass, tokens), Activation::relu);
}

}  // namespace ebb::churn
