// Which operation was tested on which device in which dtype, or in TF32: printed as a matrix at the
// end.
#pragma once

#include <string>

#include "kernels/common/device.h"

namespace ebb::testing {

/// Counts the test that runs for its suite's operation ("LayerNormTest" -> "LayerNorm"); `numbers`:
/// "f32", "tf32" and so on.
void note_coverage(Device device, std::string numbers);

}  // namespace ebb::testing
