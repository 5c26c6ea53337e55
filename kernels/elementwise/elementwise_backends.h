// What each backend of the elementwise operations provides; operands are checked already.
#pragma once

#include "kernels/elementwise/elementwise.h"

namespace ebb::kernels::cpu {

void binary(Context& context, const Binary& parameters);
void scale(Context& context, const Scale& parameters);
void accumulate(Context& context, const Accumulate& parameters);
void fill(Context& context, const Fill& parameters);
void cast(Context& context, const Cast& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void binary(Context& context, const Binary& parameters);
void scale(Context& context, const Scale& parameters);
void accumulate(Context& context, const Accumulate& parameters);
void fill(Context& context, const Fill& parameters);
void cast(Context& context, const Cast& parameters);

}  // namespace ebb::kernels::cuda
