// What each backend of the periodic encoding provides; operands are checked already.
#pragma once

#include "kernels/periodic_encoding/periodic_encoding.h"

namespace ebb::kernels::cpu {

void periodic_encoding(Context& context, const PeriodicEncodingForward& parameters);
void periodic_encoding_backward(Context& context, const PeriodicEncodingBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void periodic_encoding(Context& context, const PeriodicEncodingForward& parameters);
void periodic_encoding_backward(Context& context, const PeriodicEncodingBackward& parameters);

}  // namespace ebb::kernels::cuda
