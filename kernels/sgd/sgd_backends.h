// What each backend of gradient descent provides; operands are checked already.
#pragma once

#include "kernels/sgd/sgd.h"

namespace ebb::kernels::cpu {

void sgd(Context& context, const SgdUpdate& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void sgd(Context& context, const SgdUpdate& parameters);

}  // namespace ebb::kernels::cuda
