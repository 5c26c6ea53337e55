// Where the fields of some columns are, for the host to read.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/common/context.h"
#include "preprocessing/csv_device/fields.h"

namespace ebb::preprocessing {

/// A field within the text, without the blanks and the quotes around it.
struct FieldSpan {
  /// In `length`: doubled quotes stand for one.
  static constexpr std::uint32_t kDoubled = std::uint32_t{1} << 31;

  std::uint32_t begin = 0;
  std::uint32_t length = 0;
};

/// The fields of the columns at `positions`, row by row: positions.size() for each. Fields are
/// shorter than 2 GiB. Bytes moved: those of quoted fields, 8 of separators and 8 written for a
/// field, which then go to the host. Waits for the device.
std::vector<FieldSpan> find_spans(Context& context, const DeviceFields& fields,
                                  std::span<const std::int64_t> positions);

}  // namespace ebb::preprocessing
