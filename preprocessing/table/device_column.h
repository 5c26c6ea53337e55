// A column in the memory of a device, as kernels read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// A Column whose values lie on a device. Missing values are in band, as there: NaN, kMissingCode,
/// kMissingInteger. The texts of levels stay on the host, which alone reads them.
struct DeviceColumn {
  std::string name;
  ColumnKind kind = ColumnKind::number;
  Tensor values;  ///< [rows]: f64 of a number; i64 of integers; else i32 codes of `levels`
  std::vector<std::string> levels;

  [[nodiscard]] std::int64_t rows() const { return values.extent(0); }
};

/// The column on `device`, which may be the CPU. Throws UnsupportedError on a device that cannot be
/// used.
DeviceColumn upload(const Column& column, Device device);

/// The column on the host; it waits for all work given to the device.
Column download(const DeviceColumn& column);

/// [count] numbers, codes or integers on `device`.
template <class T>
Tensor upload_values(std::span<const T> values, Device device) {
  return Tensor::from_values({static_cast<std::int64_t>(values.size())}, values, device);
}

}  // namespace ebb::preprocessing
