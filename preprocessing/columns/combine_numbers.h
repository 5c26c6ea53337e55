// Columns of numbers from several columns of numbers, row by row.
//
//   output_i[r] = ((of_i,0[r] op_i of_i,1[r]) op_i of_i,2[r]) ..., missing unless it is finite
//
// Rows are independent; the CPU and CUDA have the same bits, since nothing is fused.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/common/context.h"

namespace ebb::preprocessing {

enum class Combination { ratio, difference, sum, product };

/// a op b.
constexpr double combine(Combination combination, double a, double b) {
  switch (combination) {
    case Combination::ratio:
      return a / b;
    case Combination::difference:
      return a - b;
    case Combination::sum:
      return a + b;
    case Combination::product:
      return a * b;
  }
  return a;
}

/// One column that is made; the arrays are in the memory of the context's device.
struct CombinedColumn {
  Combination combination = Combination::ratio;
  std::span<const double* const> of;  ///< at least one, each [rows]
  double* output = nullptr;           ///< [rows], none of `of`
};

struct CombineNumbers {
  std::int64_t rows = 0;
  std::span<const CombinedColumn> columns;  ///< in host memory
};

/// Empty where the device can combine, else the reason why not.
std::string combine_numbers_unsupported(Device device);

/// Throws Error on a column of none, UnsupportedError where combine_numbers_unsupported says so. On
/// CUDA it needs 48 bytes of workspace for each column and 8 for each that it is made of, and may
/// return before the device is done.
void combine_numbers(Context& context, const CombineNumbers& parameters);

}  // namespace ebb::preprocessing
