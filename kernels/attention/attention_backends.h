// What each backend of attention provides; operands are checked already.
#pragma once

#include "kernels/attention/attention.h"

namespace ebb::kernels::cpu {

void attention(Context& context, const AttentionForward& parameters);
void attention_backward(Context& context, const AttentionBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void attention(Context& context, const AttentionForward& parameters);
void attention_backward(Context& context, const AttentionBackward& parameters);

}  // namespace ebb::kernels::cuda
