// What a step that computes gives for a result that no column may hold.
#pragma once

#include <cmath>

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// The value, missing unless it is finite.
inline double finite_or_missing(double value) {
  return std::isfinite(value) ? value : kMissingNumber;
}

}  // namespace ebb::preprocessing
