// What each backend of fields provides.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/common/context.h"
#include "preprocessing/csv_device/field_text.h"

namespace ebb::preprocessing {

/// `rows` >= 1 rows that are to be checked.
struct CheckRows {
  FieldView fields;
  std::uint32_t rows = 0;
  bool has_quotes = false;
};

}  // namespace ebb::preprocessing

namespace ebb::preprocessing::cpu {

/// Where the last row ends, if each ends with its last field and its fields are regular.
std::optional<std::uint32_t> check_rows(Context& context, const CheckRows& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

std::optional<std::uint32_t> check_rows(Context& context, const CheckRows& parameters);

}  // namespace ebb::preprocessing::cuda
