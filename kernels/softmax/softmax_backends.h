// What each backend of softmax provides; operands are checked already.
#pragma once

#include "kernels/softmax/softmax.h"

namespace ebb::kernels::cpu {

void softmax(Context& context, const SoftmaxForward& parameters);
void softmax_backward(Context& context, const SoftmaxBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void softmax(Context& context, const SoftmaxForward& parameters);
void softmax_backward(Context& context, const SoftmaxBackward& parameters);

}  // namespace ebb::kernels::cuda
