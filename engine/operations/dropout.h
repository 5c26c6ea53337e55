// Differentiable dropout.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// input with the elements that `spec` drops set to 0 and the others scaled up; input itself when
/// the spec is not active.
Tensor dropout(const Pass& pass, const Tensor& input, const DropoutSpec& spec);

}  // namespace ebb
