// The columns that a drift report is about, on either device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"
#include "kernels/common/context.h"
#include "preprocessing/pipeline/drift.h"
#include "preprocessing/statistics/moments.h"
#include "preprocessing/table/device_column.h"

namespace ebb::preprocessing {

class Pipeline;

/// A number; `values` are in the memory of a context's device.
struct DriftNumber {
  const double* values = nullptr;  ///< [rows]
  Moments moments;                 ///< of them
  bool is_absent = false;
};

/// A category.
struct DriftCategory {
  const std::int32_t* codes = nullptr;  ///< [rows], in the memory of the context's device
  std::span<const std::string> levels;  ///< of the codes
  const Tensor* on_device = nullptr;    ///< the codes, if they are on a GPU
  bool is_absent = false;
};

/// Of columns on the host.
DriftNumber drift_number(std::span<const double> values, bool is_absent);
DriftCategory drift_category(const Column& column, bool is_absent);
/// Of columns on the context's device, which looks at all numbers in one launch.
std::vector<DriftNumber> drift_numbers(Context& context,
                                       std::span<const DeviceColumn* const> columns,
                                       const std::function<bool(const DeviceColumn&)>& is_absent);
DriftCategory drift_category(const DeviceColumn& column, bool is_absent);

/// Adds to `report` what the rows of a table hold: the values of pipeline.judged_numbers() and
/// judged_categories(), in their order, counted on the context's device to the same numbers. Throws
/// Error for a report of another pipeline.
void count_drift(Context& context, const Pipeline& pipeline, std::span<const DriftNumber> numbers,
                 std::span<const DriftCategory> categories, std::size_t rows, DriftReport& report);

}  // namespace ebb::preprocessing
