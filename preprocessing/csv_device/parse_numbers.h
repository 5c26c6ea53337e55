// Columns of numbers from the fields of a text on a device.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/common/context.h"
#include "preprocessing/csv_device/fields.h"
#include "preprocessing/csv_device/token_list.h"

namespace ebb::preprocessing {

/// Which of the fields' columns to read, and where to.
struct ParsedColumn {
  std::int64_t position = 0;  ///< among the fields of a row
  Tensor numbers;             ///< f64 [rows]
};

/// Fills in the columns as the reader on the host does: NaN for a missing token, else the bits of
/// parse_number() (common/numbers.h). A number of more than 19 digits whose rounding hangs on the
/// rest of them (one in a thousand of such) is parsed from `host_text`, which holds what
/// fields.text does. False if a field is neither a number nor missing, or more than 65,536 numbers
/// are to be parsed on the host; the columns are then of no use. Bytes moved: those of the fields
/// once for every 8 columns, 8 for their separators, 8 for a number. Waits for the device. Throws
/// Error on another dtype.
bool parse_numbers(Context& context, const DeviceFields& fields, std::string_view host_text,
                   const TokenList& missing, std::span<const ParsedColumn> columns);

}  // namespace ebb::preprocessing
