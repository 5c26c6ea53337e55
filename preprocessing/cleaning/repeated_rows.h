// Rows on a GPU that equal an earlier one. Defined in builds with CUDA only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/common/context.h"
#include "kernels/common/dtype.h"

namespace ebb::preprocessing::cuda {

/// A column as rows are compared by it: f64, i64 or i32 (codes).
struct CellColumn {
  const void* values = nullptr;  // [rows], of the context's device
  DType dtype = DType::f64;
};

/// For each row 1 if it equals an earlier one in all columns (cell_bits.h), else 0. Rows are
/// hashed, sorted by their hashes and then compared in full with the earlier ones of the same hash.
/// Needs about 30 bytes of workspace a row, and waits for the device. `rows` is below 2^32.
std::vector<std::uint8_t> find_repeated_rows(Context& context, std::span<const CellColumn> columns,
                                             std::int64_t rows);

}  // namespace ebb::preprocessing::cuda
