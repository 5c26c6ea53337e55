// What each backend of spread_levels provides; operands are checked already.
#pragma once

#include "preprocessing/columns/spread_levels.h"

namespace ebb::preprocessing::cpu {

template <class T>
void spread_levels(Context& context, const SpreadLevels<T>& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

template <class T>
void spread_levels(Context& context, const SpreadLevels<T>& parameters);

}  // namespace ebb::preprocessing::cuda
