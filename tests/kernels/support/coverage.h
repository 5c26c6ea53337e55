// Which operation was tested on which device in which dtype: printed as a matrix at the end.
#pragma once

#include "kernels/common/device.h"
#include "kernels/common/dtype.h"

namespace ebb::testing {

/// Counts the test that runs for its suite's operation ("LayerNormTest" -> "LayerNorm").
void note_coverage(Device device, DType dtype);

}  // namespace ebb::testing
