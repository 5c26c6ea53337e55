// Columns from columns of codes by tables of the levels: the numbers that stand for categories,
// columns of zeros and ones, other codes.
//
//   output_i,k[r] = value_i[codes_i[r]] where place_i[codes_i[r]] is k, else 0
//
// of kMissingCode missing_i and missing_place_i. Rows are independent; nothing is computed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/common/context.h"

namespace ebb::preprocessing {

/// One column of codes. T: f64, or i32, of which other codes are made.
template <class T>
struct SpreadColumn {
  /// [rows], in the memory of the context's device: kMissingCode or a level.
  const std::int32_t* codes = nullptr;
  std::span<const T> values;             ///< of each level, in host memory; none: each is 1
  std::span<const std::int32_t> places;  ///< likewise: which output, or below 0; none: the first
  T missing{};
  std::int32_t missing_place = 0;
  std::span<T* const> outputs;  ///< each [rows], in the memory of the context's device
};

template <class T>
struct SpreadLevels {
  std::int64_t rows = 0;
  std::span<const SpreadColumn<T>> columns;  ///< in host memory
};

/// Empty where the device can spread, else the reason why not.
std::string spread_levels_unsupported(Device device);

/// For T double and std::int32_t. Throws Error on values and places of other numbers of levels,
/// UnsupportedError where spread_levels_unsupported says so. Codes are not checked. On CUDA it
/// needs 192 bytes of workspace for every 16 outputs of a column, and its levels' values and
/// places, and may return before the device is done.
template <class T>
void spread_levels(Context& context, const SpreadLevels<T>& parameters);

}  // namespace ebb::preprocessing
