// How often columns hold each of their levels, or numbers of each range.
//
//   counts_i[0]     = rows in which a value is missing
//   counts_i[1 + k] = rows with code k; of numbers, rows with a value that k of the edges lie below
//
// Whole numbers are added: the same on every device.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/common/context.h"

namespace ebb::preprocessing {

/// One column, of codes or of numbers; its array is in the memory of the context's device.
struct CountedColumn {
  bool holds_codes = false;             ///< else numbers
  const std::int32_t* codes = nullptr;  ///< [rows], kMissingCode: missing
  std::size_t levels = 0;               ///< of them
  const double* values = nullptr;       ///< [rows], NaN: missing
  std::span<const double> edges;        ///< ascending, in host memory

  /// How many counts there are.
  [[nodiscard]] std::size_t places() const { return (holds_codes ? levels : edges.size() + 1) + 1; }
};

struct CountPlaces {
  std::int64_t rows = 0;
  std::span<const CountedColumn> columns;  ///< in host memory
};

/// Empty where the device can count, else the reason why not.
std::string count_places_unsupported(Device device);

/// The counts of each column. Throws UnsupportedError where count_places_unsupported says so. Codes
/// are not checked. On CUDA it needs 64 bytes of workspace for each column, and 8 for each edge and
/// count, and waits for the device.
std::vector<std::vector<std::size_t>> count_places(Context& context, const CountPlaces& parameters);

}  // namespace ebb::preprocessing
