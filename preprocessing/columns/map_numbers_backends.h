// What each backend of map_numbers provides; there is a row and a column.
#pragma once

#include "preprocessing/columns/map_numbers.h"

namespace ebb::preprocessing::cpu {

void map_numbers(Context& context, const MapNumbers& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

void map_numbers(Context& context, const MapNumbers& parameters);

}  // namespace ebb::preprocessing::cuda
