// What each backend of device_separators provides; operands are checked already.
#pragma once

#include "preprocessing/csv/device_separators.h"

namespace ebb::preprocessing::cpu {

DeviceSeparators find_separators(Context& context, const Tensor& text, char delimiter);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

DeviceSeparators find_separators(Context& context, const Tensor& text, char delimiter);

}  // namespace ebb::preprocessing::cuda
