// What each backend of the activations provides; operands are checked already.
#pragma once

#include "kernels/activation/activation.h"

namespace ebb::kernels::cpu {

void activation(Context& context, const ActivationForward& parameters);
void activation_backward(Context& context, const ActivationBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void activation(Context& context, const ActivationForward& parameters);
void activation_backward(Context& context, const ActivationBackward& parameters);

}  // namespace ebb::kernels::cuda
