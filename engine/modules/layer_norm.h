// Layer normalisation with learned scale and shift.
#pragma once

#include "engine/modules/module.h"
#include "engine/operations/layer_norm.h"

namespace ebb {

/// [..., columns] -> [..., columns]. Parameters: weight (ones) and bias (zeros), both [columns].
class LayerNorm : public Module {
 public:
  LayerNorm(const Scope& scope, std::int64_t columns, double epsilon = 1e-5)
      : Module(scope),
        epsilon_(epsilon),
        weight_(scope.parameter("weight", {columns}, {Initializer::Kind::constant, 1.0}, false)),
        bias_(scope.parameter("bias", {columns}, {Initializer::Kind::constant, 0.0}, false)) {}

  Tensor forward(const Pass& pass, const Tensor& input) const override {
    const ModuleScope here(pass, *this);
    return layer_norm(pass, input, pass.parameter(weight_), pass.parameter(bias_), epsilon_);
  }

  /// Normalises residual + dropout(input), keeping the sum.
  ResidualNorm forward(const Pass& pass, const Tensor& residual, const Tensor& input,
                       const DropoutSpec& dropout) const {
    const ModuleScope here(pass, *this);
    return add_layer_norm(pass, residual, input, pass.parameter(weight_), pass.parameter(bias_),
                          dropout, epsilon_);
  }

 private:
  double epsilon_;
  const Parameter& weight_;
  const Parameter& bias_;
};

}  // namespace ebb
