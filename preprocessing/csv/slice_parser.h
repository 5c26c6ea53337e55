// Cuts the text of a block into slices of records, and those into fields, in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/csv/field_block.h"
#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {

class SliceParser {
 public:
  SliceParser(std::string source, char delimiter, std::size_t columns)
      : source_(std::move(source)), delimiter_(delimiter), columns_(columns) {}

  /// Parses whole lines without a quote, the first of them line `first_line`, in slices of about
  /// `slice_bytes`; returns the line behind them. Blank lines are left out. Throws DataError
  /// "source:line[:column]: ..." for NUL bytes, invalid UTF-8, ragged rows, and lone carriage
  /// returns: of several the first by position.
  std::uint64_t parse_lines(FieldBlock& block, std::uint64_t first_line,
                            std::size_t slice_bytes) const;
  /// Parses records that a scan has found. Throws as above, and for text after a closing quote.
  void parse_records(FieldBlock& block, std::vector<RecordSpan> records) const;

 private:
  struct Lines;

  /// Finds the separators of some lines, and whether they are regular.
  void separate(Lines& lines, FieldSlice& slice) const;
  void split(FieldSlice& slice, char* text, std::span<const RecordSpan> records) const;

  std::string source_;
  char delimiter_;
  std::size_t columns_;
};

}  // namespace ebb::preprocessing
