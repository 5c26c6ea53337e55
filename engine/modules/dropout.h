// Dropout as a module of its own, for where it is not fused into a neighbour.
#pragma once

#include "engine/modules/module.h"
#include "engine/operations/dropout.h"

namespace ebb {

/// Zeroes elements with `probability` while training and scales the others up; else the identity.
class Dropout : public Module {
 public:
  Dropout(const Scope& scope, double probability)
      : Module(scope), probability_(probability), stream_(scope.stream()) {
    if (!(probability >= 0.0 && probability < 1.0)) {
      fail("Dropout: probability {} is outside of [0, 1)", probability);
    }
  }

  /// What fused operations need to apply this dropout to a tensor of the shape of `like`, whose
  /// first dimension is the batch's.
  DropoutSpec spec(const Pass& pass, const Tensor& like) const {
    return pass.dropout(probability_, stream_, like.elements() / like.extent(0));
  }

  Tensor forward(const Pass& pass, const Tensor& input) const override {
    const ModuleScope here(pass, *this);
    return dropout(pass, input, spec(pass, input));
  }

 private:
  double probability_;
  const std::uint32_t& stream_;
};

}  // namespace ebb
