// A linear layer of several ensemble members that share its weight.
#pragma once

#include "engine/modules/module.h"

namespace ebb {

/// [rows, members, in] -> [rows, members, out]: member m computes
///
///     output = output_scale[m] * (weight · (input_scale[m] * input)) + bias[m]
///
/// so that a member costs 2 * out + in numbers beside the shared weight. Parameters: weight
/// [out, in] and bias [members, out], uniform in +-1 / sqrt(in); input_scale [members, in], random
/// signs, which make the members differ from the start; output_scale [members, out], ones. The
/// product is in the parameters' dtype. Source: Wen, Tran and Ba, "BatchEnsemble: an alternative
/// approach to efficient ensemble and lifelong learning", 2020; the first scales as in Gorishniy,
/// Kotelnikov and Babenko, "TabM: advancing tabular deep learning with parameter-efficient
/// ensembling", 2024.
class BatchEnsembleLinear : public Module {
 public:
  /// Throws Error on sizes below 1.
  BatchEnsembleLinear(const Scope& scope, std::int64_t members, std::int64_t in, std::int64_t out);

  Tensor forward(const Pass& pass, const Tensor& input) const override;

 private:
  const Parameter* weight_;
  const Parameter* bias_;
  const Parameter* input_scale_;
  const Parameter* output_scale_;
};

}  // namespace ebb
