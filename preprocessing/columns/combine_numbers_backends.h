// What each backend of combine_numbers provides; operands are checked already.
#pragma once

#include "preprocessing/columns/combine_numbers.h"

namespace ebb::preprocessing::cpu {

void combine_numbers(Context& context, const CombineNumbers& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

void combine_numbers(Context& context, const CombineNumbers& parameters);

}  // namespace ebb::preprocessing::cuda
