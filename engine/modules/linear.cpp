#include "engine/modules/linear.h"

#include <cmath>

#include "engine/operations/views.h"

namespace ebb {
namespace {

// bf16 gains nothing on fewer outputs than this, and a head's logits keep their precision.
constexpr std::int64_t kLeastBf16Outputs = 16;

}  // namespace

Linear::Linear(const Scope& scope, std::int64_t in, std::int64_t out, const LinearOptions& options)
    : Module(scope), options_(options) {
  if (in <= 0 || out <= 0) fail("Linear: {} inputs and {} outputs, expected at least 1", in, out);
  const Initializer initializer{Initializer::Kind::uniform,
                                1.0 / std::sqrt(static_cast<double>(in))};
  weight_ = &scope.parameter("weight", {out, in}, initializer, true);
  if (options.bias) bias_ = &scope.parameter("bias", {out}, initializer, false);
  if (options.dropout > 0) stream_ = &scope.stream();
}

Tensor Linear::forward(const Pass& pass, const Tensor& input) const {
  const ModuleScope here(pass, *this);
  const Tensor bias = bias_ != nullptr ? pass.parameter(*bias_) : Tensor();
  DropoutSpec dropout;
  if (stream_ != nullptr) {
    const std::int64_t per_row = input.elements() / input.extent(0) / input.extent(-1);
    dropout = pass.dropout(options_.dropout, *stream_, per_row * weight_->shape[0]);
  }
  PackedWeight packed;
  if (pass.packed_weights != nullptr && weight_->shape[0] >= kLeastBf16Outputs) {
    packed = pass.packed_weights->of(*weight_, pass.tape != nullptr);
  }
  return linear(pass, input, pass.parameter(*weight_), bias, options_.activation, dropout, packed);
}

Tensor Linear::forward(const Pass& pass, const Tensor& input, std::int64_t first,
                       std::int64_t count) const {
  const ModuleScope here(pass, *this);
  if (stream_ != nullptr) fail("Linear: dropout of some of the outputs is not supported");
  const auto part = [&](const Parameter& parameter) {
    return slice(pass, pass.parameter(parameter), 0, first, count);
  };
  return linear(pass, input, part(*weight_), bias_ != nullptr ? part(*bias_) : Tensor(),
                options_.activation);
}

}  // namespace ebb
