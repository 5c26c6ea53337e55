// Columns of numbers from columns of numbers, value by value: bounds, scalings, logarithms, bins,
// and values in the place of missing ones.
//
//   output_i[r]  = map_number(mapping_i, values_i[r])
//   missing_i[r] = 1 where values_i[r] is NaN, else 0
//
// Rows are independent; the CPU and CUDA have the same bits.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/common/context.h"
#include "preprocessing/columns/map_number.h"

namespace ebb::preprocessing {

/// One column; its arrays are in the memory of the context's device.
struct NumberColumn {
  const double* values = nullptr;  ///< [rows], NaN: missing
  double* output = nullptr;        ///< [rows], not `values`
  double* missing = nullptr;       ///< [rows], or null
  NumberMapping mapping;
};

struct MapNumbers {
  std::int64_t rows = 0;
  std::span<const NumberColumn> columns;  ///< in host memory
};

/// Empty where the device can map, else the reason why not.
std::string map_numbers_unsupported(Device device);

/// Throws UnsupportedError where map_numbers_unsupported says so. On CUDA it needs 144 bytes of
/// workspace for each column and 8 for each knot, and may return before the device is done.
void map_numbers(Context& context, const MapNumbers& parameters);

}  // namespace ebb::preprocessing
