// What is given for a result that no column may hold.
#pragma once

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// The value, missing unless it is finite.
constexpr double finite_or_missing(double value) {
  return value - value == 0.0 ? value : kMissingNumber;
}

}  // namespace ebb::preprocessing
