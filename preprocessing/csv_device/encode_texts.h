// A column of texts, as codes, from the fields of a text on a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernels/common/context.h"
#include "preprocessing/csv_device/fields.h"
#include "preprocessing/csv_device/token_list.h"
#include "preprocessing/table/dictionary.h"

namespace ebb::preprocessing {

/// Fills in `codes`, i32 [rows], of the fields at `position`: kMissingCode for a missing token,
/// else the dictionary's code of the text. New texts are added in the order of their first rows, as
/// the reader on the host adds them; they alone are read from `host_text`, which holds what
/// fields.text does. Returns how many rows are missing; nothing if two texts have the same hash
/// (text_hash.h), which about one file in 2^63 / texts^2 has: the codes are then of no use.
///
/// Bytes moved on CUDA: those of the fields twice, 16 of separators, 12 of codes, 16 to 32 to clear
/// a table of hashes, for each row; 20 for each text that is new to the chunk, to the host and
/// back. Waits for the device. Throws Error on another dtype.
std::optional<std::size_t> encode_texts(Context& context, const DeviceFields& fields,
                                        std::string_view host_text, std::int64_t position,
                                        const TokenList& missing, Dictionary& dictionary,
                                        const Tensor& codes);

}  // namespace ebb::preprocessing
