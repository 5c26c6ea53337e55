// What a number feature is fitted to besides a sample: facts about all training values.
#pragma once

#include <optional>

#include "kernels/common/context.h"
#include "preprocessing/cleaning/missing_values.h"
#include "preprocessing/statistics/moments.h"
#include "preprocessing/table/device_column.h"

namespace ebb::preprocessing {

struct NumberFacts {
  Moments moments;
  std::optional<double> fill;  ///< fill_value(), unless that is a constant
};

/// Of a number column with a value, in parallel.
NumberFacts facts_of(const Column& column, NumberFill fill);

/// The same to the same bits, of a column on the context's device.
NumberFacts facts_of(Context& context, const DeviceColumn& column, NumberFill fill);

}  // namespace ebb::preprocessing
