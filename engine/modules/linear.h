// A linear layer with optional activation and dropout, fused.
#pragma once

#include "engine/modules/module.h"
#include "engine/operations/linear.h"

namespace ebb {

struct LinearOptions {
  bool bias = true;
  Activation activation = Activation::identity;
  double dropout = 0.0;  // of the activated output
};

/// [..., in] -> [..., out]. Parameters: weight [out, in] and bias [out], both uniform in
/// +-1 / sqrt(in). Multiplies in bf16 where the pass says so and there are 16 outputs or more.
class Linear : public Module {
 public:
  Linear(const Scope& scope, std::int64_t in, std::int64_t out, const LinearOptions& options = {});

  Tensor forward(const Pass& pass, const Tensor& input) const override;
  /// Outputs [first, first + count) alone.
  Tensor forward(const Pass& pass, const Tensor& input, std::int64_t first,
                 std::int64_t count) const;

  const Parameter& weight() const { return *weight_; }

 private:
  LinearOptions options_;
  const Parameter* weight_;
  const Parameter* bias_ = nullptr;
  const std::uint32_t* stream_ = nullptr;
};

}  // namespace ebb
