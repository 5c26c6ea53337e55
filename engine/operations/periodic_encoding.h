// Differentiable periodic encoding of number features.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// input [rows, features] and frequencies [features, k] -> [rows, features, 2k + 1]: sines and
/// cosines of 2 pi frequency input, and 1.
Tensor periodic_encoding(const Pass& pass, const Tensor& input, const Tensor& frequencies);

}  // namespace ebb
