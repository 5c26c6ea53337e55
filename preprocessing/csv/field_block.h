// Parsed records of a file, with the text that their fields point into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "preprocessing/csv/fields.h"
#include "preprocessing/csv/records.h"
#include "preprocessing/csv/text_buffer.h"

namespace ebb::preprocessing {

/// Some records of a block, one after another. Their fields are either those between the separators
/// of lines without quotes, whose blanks are cut off when they are asked for, or a list.
class FieldSlice {
 public:
  FieldSlice() = default;
  /// A list of fields of `text`, `columns` to a row; `lines` has one for each row, at least one.
  FieldSlice(const char* text, std::size_t columns, std::vector<Field> fields,
             std::vector<std::uint64_t> lines)
      : text_(text),
        columns_(columns),
        rows_(lines.size()),
        fields_(std::move(fields)),
        lines_(std::move(lines)) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// The line of the file on which the row begins.
  [[nodiscard]] std::uint64_t line(std::size_t row) const {
    return is_list() ? lines_[row] : first_line_ + row;
  }
  /// The bytes of one field; TextBuffer::kPadding bytes from its first on can be read.
  [[nodiscard]] std::string_view field(std::size_t row, std::size_t column) const {
    const std::size_t i = row * columns_ + column;
    if (is_list()) return {text_ + fields_[i].offset, fields_[i].length};
    const char* begin = i == 0 ? text_ : text_ + separators_[i - 1] + 1;
    const char* end = text_ + separators_[i];
    while (begin < end && is_padding(*begin, delimiter_)) ++begin;
    while (begin < end && is_padding(end[-1], delimiter_)) --end;
    return {begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  friend class SliceParser;
  friend class JsonSliceParser;

  [[nodiscard]] bool is_list() const { return !lines_.empty(); }

  const char* text_ = nullptr;  // of the block, or where the lines begin
  std::size_t columns_ = 0;
  std::size_t rows_ = 0;
  char delimiter_ = ',';
  std::uint64_t first_line_ = 1;
  std::unique_ptr<std::uint32_t[]> separators_;
  std::size_t room_ = 0;  // for separators
  std::vector<Field> fields_;
  std::vector<std::uint64_t> lines_;  // of a list's rows; else empty
};

struct FieldBlock {
  TextBuffer text;
  std::vector<FieldSlice> slices;
  std::size_t columns = 0;

  [[nodiscard]] std::size_t rows() const {
    std::size_t sum = 0;
    for (const FieldSlice& slice : slices) sum += slice.rows();
    return sum;
  }
};

}  // namespace ebb::preprocessing
