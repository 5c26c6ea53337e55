// The JSON header of a safetensors file, read strictly. Used by safetensors.cpp only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/safetensors.h"

namespace ebb::safetensors {

/// One tensor as the header describes it: data[begin, end) of the data section.
struct TensorRecord {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct Header {
  std::vector<TensorRecord> tensors;  // sorted by name
  SafetensorsMetadata metadata;       // the checksums included
};

/// "F32", "BF16", ...: the format's name of a dtype.
std::string_view format_name(DType dtype);

/// Reads the header's JSON. `file` names the file in messages. Throws DataError on text that is not
/// JSON, not UTF-8 or not of the format, on names given twice, unknown dtypes, ranks above
/// kMaxRank, and on offsets that do not fit the shape.
Header parse_header(std::string_view json, const std::string& file);

/// The header's JSON, sorted by name. Throws DataError on text that is not UTF-8.
std::string format_header(const Header& header, const std::string& file);

}  // namespace ebb::safetensors
