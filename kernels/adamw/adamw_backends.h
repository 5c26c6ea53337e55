// What each backend of AdamW provides; operands are checked already.
#pragma once

#include "kernels/adamw/adamw.h"

namespace ebb::kernels::cpu {

void adamw(Context& context, const AdamWUpdate& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void adamw(Context& context, const AdamWUpdate& parameters);

}  // namespace ebb::kernels::cuda
