// What each backend of layer normalisation provides; operands are checked already.
#pragma once

#include "kernels/layer_norm/layer_norm.h"

namespace ebb::kernels::cpu {

void layer_norm(Context& context, const LayerNormForward& parameters);
void layer_norm_backward(Context& context, const LayerNormBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void layer_norm(Context& context, const LayerNormForward& parameters);
void layer_norm_backward(Context& context, const LayerNormBackward& parameters);

}  // namespace ebb::kernels::cuda
