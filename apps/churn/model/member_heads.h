// The heads of an ensemble inside one network.
#pragma once

#include "apps/churn/config/run_config.h"
#include "engine/modules/batch_ensemble_linear.h"
#include "engine/modules/dropout.h"
#include "engine/modules/linear.h"

namespace ebb::churn {

/// [rows, dim] -> [rows, members]: each member's logit, the sum of a linear map that all share, the
/// head of a network without members, and of a part of its own: a hidden layer of
/// config.feed_forward numbers, whose weight the members share but for scales
/// (BatchEnsembleLinear), an activation, and a linear map of each member, which starts at 0. What
/// is before it is computed once for all members.
class MemberHeads : public Module {
 public:
  MemberHeads(const Scope& scope, const ModelConfig& config);

  Tensor forward(const Pass& pass, const Tensor& input) const override;

 private:
  std::int64_t members_;
  kernels::Activation activation_;
  BatchEnsembleLinear hidden_;
  Dropout dropout_;
  Linear shared_;
  const Parameter* weight_;  // [members, feed_forward]
  const Parameter* bias_;    // [members]
};

}  // namespace ebb::churn
