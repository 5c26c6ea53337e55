#include "apps/churn/model/member_heads.h"

#include "engine/operations/activation.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"
#include "engine/operations/views.h"

namespace ebb::churn {

MemberHeads::MemberHeads(const Scope& scope, const ModelConfig& config)
    : Module(scope),
      members_(config.members),
      activation_(config.activation),
      hidden_(scope.child("hidden"), config.members, config.dim, config.feed_forward),
      dropout_(scope.child("dropout"), config.activation_dropout),
      shared_(scope.child("shared"), config.dim, 1) {
  weight_ = &scope.parameter("weight", {config.members, config.feed_forward}, {}, true);
  bias_ = &scope.parameter("bias", {config.members}, {}, false);
}

Tensor MemberHeads::forward(const Pass& pass, const Tensor& input) const {
  const ModuleScope here(pass, *this);
  const Tensor hidden = hidden_.forward(pass, repeat(pass, input, 1, members_));
  const Tensor active = dropout_.forward(pass, activate(pass, hidden, activation_));
  const Tensor weighted = multiply(pass, active, pass.parameter(*weight_));
  const Tensor own = add(pass, sum(pass, weighted, -1), pass.parameter(*bias_));
  const Tensor common = reshape(pass, shared_.forward(pass, input), {input.extent(0)});
  return add(pass, own, repeat(pass, common, 1, members_));
}

}  // namespace ebb::churn
