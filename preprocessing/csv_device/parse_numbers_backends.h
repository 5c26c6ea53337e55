// What each backend of parse_numbers provides; operands are checked already.
#pragma once

#include <vector>

#include "preprocessing/csv_device/parse_numbers.h"

namespace ebb::preprocessing {

/// A field that the host is to parse.
struct UndecidedNumber {
  std::uint32_t row = 0;
  std::uint32_t column = 0;  ///< index of the ParsedColumn
  std::uint32_t begin = 0;   ///< of its text
  std::uint32_t length = 0;
};

struct ParsedNumbers {
  bool has_texts = false;                  ///< a field is neither a number nor missing
  std::vector<UndecidedNumber> undecided;  ///< in no order
};

inline constexpr std::uint32_t kMostUndecided = 1 << 16;

}  // namespace ebb::preprocessing

namespace ebb::preprocessing::cpu {

ParsedNumbers parse_numbers(Context& context, const DeviceFields& fields, const TokenList& missing,
                            std::span<const ParsedColumn> columns);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

ParsedNumbers parse_numbers(Context& context, const DeviceFields& fields, const TokenList& missing,
                            std::span<const ParsedColumn> columns);

}  // namespace ebb::preprocessing::cuda
