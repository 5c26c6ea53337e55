// What each backend of encode_levels provides; operands are checked already.
#pragma once

#include "preprocessing/pipeline/encode_levels.h"

namespace ebb::preprocessing::cpu {

template <class T>
void encode_levels(Context& context, const EncodeLevels<T>& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

template <class T>
void encode_levels(Context& context, const EncodeLevels<T>& parameters);

}  // namespace ebb::preprocessing::cuda
