// From columns in the memory of a device to encoded rows there.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/common/context.h"
#include "preprocessing/pipeline/encode_levels.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {

/// The values of a pipeline's features, in its order, in the memory of a context's device.
struct FeatureValues {
  std::size_t rows = 0;
  std::vector<const double*> numbers;                ///< each [rows]
  std::vector<LevelInput<std::int32_t>> categories;  ///< each [rows]
};

/// On the CPU vectors, on a GPU tensors.
EncodedRows encode_rows(Context& context, const Pipeline& pipeline, const FeatureValues& values);

}  // namespace ebb::preprocessing
