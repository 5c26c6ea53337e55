// A text on a device, cut into the fields of its rows.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/common/context.h"
#include "preprocessing/csv/device_separators.h"
#include "preprocessing/csv_device/field_text.h"

namespace ebb::preprocessing {

/// Whole records of a text, one after another.
struct DeviceFields {
  Tensor text;        ///< u8 [bytes]
  Tensor separators;  ///< i32 [rows columns or more], to be read as u32
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  char delimiter = ',';
  std::size_t bytes = 0;  ///< of the rows; what follows is the begin of another
  bool has_quotes = false;
  bool has_inner_feeds = false;  ///< line feeds between quotes: a row may have several lines
  bool is_plain = true;          ///< ASCII without NUL

  [[nodiscard]] FieldView view() const {
    return {text.view().as<const char>(), separators.view().as<const std::uint32_t>(),
            static_cast<std::uint32_t>(columns), delimiter};
  }
};

/// Cuts `text`, of which find_separators() (csv/device_separators.h) says what it takes, into rows
/// of `columns` >= 2 fields; what follows the last whole row is left. Nothing if the text is not
/// regular: a row has another number of fields, a line is blank, a carriage return stands alone, or
/// a quote where only a reader that goes byte by byte tells what it means. Bytes moved: those of
/// find_separators(), 4 for each row, and with quotes the text once more.
std::optional<DeviceFields> cut_fields(Context& context, const Tensor& text, char delimiter,
                                       std::int64_t columns);

}  // namespace ebb::preprocessing
