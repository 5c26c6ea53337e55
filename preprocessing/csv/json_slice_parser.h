// Turns lines of JSON into records of fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "preprocessing/csv/field_block.h"

namespace ebb::preprocessing {

/// Whether a line holds white space alone, as JSON has it.
bool is_blank_json_line(std::string_view line);

/// What the lines of one file have in common.
struct JsonColumns {
  const std::string& source;
  const std::vector<std::string>& header;
  const std::unordered_map<std::string, std::size_t>& positions;  // of the header's names
  bool ignores_other_keys = false;
};

/// The texts of a block, written by slices side by side.
struct JsonTexts {
  char* text = nullptr;
  Field null;  // what stands for a missing value
};

class JsonSliceParser {
 public:
  explicit JsonSliceParser(const JsonColumns& columns) : columns_(columns) {}

  /// Makes records of whole lines, the first of them line `line`. Their texts, which are no longer
  /// than the lines, are written from to.text + begin on.
  void parse(std::string_view lines, std::uint64_t line, const JsonTexts& to, std::size_t begin,
             FieldSlice& slice) const;

 private:
  const JsonColumns& columns_;
};

}  // namespace ebb::preprocessing
