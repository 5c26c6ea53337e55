// Finds the bytes that separate fields in a text on a device, between quotes or not.
#pragma once

#include "engine/tensor/tensor.h"
#include "kernels/common/context.h"
#include "preprocessing/csv/separators.h"

namespace ebb::preprocessing {

/// What a text holds outside of quotes, where an odd number of quotes before a byte means that it
/// is between them. In a text without quotes that is what find_separators() (separators.h) finds.
struct DeviceSeparators {
  Tensor offsets;    ///< i32 [found.count], to be read as u32: ascending
  Separators found;  ///< is_plain and no other member speaks of what is between quotes, too
  bool has_quotes = false;
  std::size_t inner_feeds = 0;  ///< line feeds between quotes
  bool ends_in_quotes = false;
  /// Whether every quote that opens stands at the begin of a field, after blanks at most, or right
  /// behind one that closes, which doubles it. Only then an odd number of quotes means what
  /// scan_records() (records.h) takes for quoted.
  bool is_regular = true;
};

/// Of `text`, u8 [bytes], less than 4 GiB, on the context's device; its first byte begins a field.
/// `delimiter` is none of quote, line feed, carriage return and blank. On CUDA the text is read
/// twice and an offset of 4 bytes written for each separator; needs 24 bytes of workspace for 4096
/// bytes of text, and waits for the device. Throws Error on another dtype or a longer text.
DeviceSeparators find_separators(Context& context, const Tensor& text, char delimiter);

}  // namespace ebb::preprocessing
