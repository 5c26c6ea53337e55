// Columns of level codes as values, row by row: the codes of categories, ordinal ranks,
// frequencies, places of one-hot columns.
//
//   output[r, i] = of_level_i[codes_i[r]], missing_i where codes_i[r] is kMissingCode
//
// Rows are independent; nothing is computed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::preprocessing {

/// One column. T: i32, f32 or f64.
template <class T>
struct LevelInput {
  /// [rows], in the memory of the context's device: kMissingCode or an index of `of_level`.
  const std::int32_t* codes = nullptr;
  std::span<const T> of_level;  ///< in host memory
  T missing{};
};

template <class T>
struct EncodeLevels {
  std::int64_t rows = 0;
  std::span<const LevelInput<T>> columns;  ///< in host memory
  View output;                             ///< T [rows, columns], dense
};

/// Empty where the device can encode, else the reason why not.
std::string encode_levels_unsupported(Device device);

/// For T std::int32_t, float and double. Throws Error on an output of another shape or dtype,
/// UnsupportedError where encode_levels_unsupported says so. Codes are not checked. On CUDA it
/// needs 48 bytes of workspace for each column and its levels' values, and may return before the
/// device is done.
template <class T>
void encode_levels(Context& context, const EncodeLevels<T>& parameters);

}  // namespace ebb::preprocessing
