// What each backend of count_places provides; there is a column.
#pragma once

#include "preprocessing/columns/count_places.h"

namespace ebb::preprocessing {

/// Where to count to: the counts of all columns, one after the other.
struct PlaceCounts {
  CountPlaces columns;
  std::span<std::uint64_t> counts;  ///< in host memory, 0 before
};

}  // namespace ebb::preprocessing

namespace ebb::preprocessing::cpu {

void count_places(Context& context, const PlaceCounts& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

void count_places(Context& context, const PlaceCounts& parameters);

}  // namespace ebb::preprocessing::cuda
