// The heads of an ensemble inside one network.
#pragma once

#include "apps/churn/config/run_config.h"
#include "engine/modules/batch_ensemble_linear.h"
#include "engine/modules/dropout.h"

namespace ebb::churn {

/// [rows, dim] -> [rows, members]: each member's logit. A hidden layer of config.feed_forward
/// numbers, whose weight the members share but for scales (BatchEnsembleLinear), an activation, and
/// a linear map of each member's own. What is before it is computed once for all members.
class MemberHeads : public Module {
 public:
  MemberHeads(const Scope& scope, const ModelConfig& config);

  Tensor forward(const Pass& pass, const Tensor& input) const override;

 private:
  std::int64_t members_;
  kernels::Activation activation_;
  BatchEnsembleLinear hidden_;
  Dropout dropout_;
  const Parameter* weight_;  // [members, feed_forward]
  const Parameter* bias_;    // [members]
};

}  // namespace ebb::churn
