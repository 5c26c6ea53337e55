// What each backend of encode_numbers provides; operands are checked already.
#pragma once

#include "preprocessing/pipeline/encode_numbers.h"

namespace ebb::preprocessing::cpu {

void encode_numbers(Context& context, const EncodeNumbers& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

void encode_numbers(Context& context, const EncodeNumbers& parameters);

}  // namespace ebb::preprocessing::cuda
