// Splits one record into fields, and checks its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {

/// A field's bytes within a block's text.
struct Field {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

/// Splits the record into `fields` and returns how many it has; those beyond fields.size() are
/// counted, not kept. Blanks around a field are cut off outside of quotes; doubled quotes are made
/// single in place, so the record's bytes change and a record is split once only.
/// Throws DataError "source:line:column: ..." (column: byte from 1) for text after a closing quote
/// and for a carriage return inside an unquoted field.
std::size_t split_record(char* text, const RecordSpan& record, char delimiter,
                         std::span<Field> fields, std::string_view source);

/// Throws DataError naming line and column unless text[begin, end) is UTF-8 without NUL bytes.
/// `line` is the line at `begin`.
void check_text(std::string_view text, std::size_t begin, std::size_t end, std::uint64_t line,
                std::string_view source);

/// "source:line:column" of `offset`, given that `begin` is the first byte of line `line`.
std::string locate(std::string_view text, std::size_t begin, std::uint64_t line, std::size_t offset,
                   std::string_view source);

}  // namespace ebb::preprocessing
