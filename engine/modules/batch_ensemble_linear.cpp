#include "engine/modules/batch_ensemble_linear.h"

#include <cmath>

#include "engine/operations/elementwise.h"
#include "engine/operations/linear.h"

namespace ebb {

BatchEnsembleLinear::BatchEnsembleLinear(const Scope& scope, std::int64_t members, std::int64_t in,
                                         std::int64_t out)
    : Module(scope) {
  if (members <= 0 || in <= 0 || out <= 0) {
    fail("BatchEnsembleLinear: {} members, {} inputs and {} outputs, expected at least 1", members,
         in, out);
  }
  const Initializer uniform{Initializer::Kind::uniform, 1.0 / std::sqrt(static_cast<double>(in))};
  weight_ = &scope.parameter("weight", {out, in}, uniform, true);
  bias_ = &scope.parameter("bias", {members, out}, uniform, false);
  input_scale_ =
      &scope.parameter("input_scale", {members, in}, {Initializer::Kind::sign, 1.0}, false);
  output_scale_ =
      &scope.parameter("output_scale", {members, out}, {Initializer::Kind::constant, 1.0}, false);
}

Tensor BatchEnsembleLinear::forward(const Pass& pass, const Tensor& input) const {
  const ModuleScope here(pass, *this);
  const Tensor scaled = multiply(pass, input, pass.parameter(*input_scale_));
  const Tensor shared = linear(pass, scaled, pass.parameter(*weight_), Tensor());
  const Tensor members = multiply(pass, shared, pass.parameter(*output_scale_));
  return add(pass, members, pass.parameter(*bias_));
}

}  // namespace ebb
