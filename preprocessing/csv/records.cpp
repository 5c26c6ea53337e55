#include "preprocessing/csv/records.h"

#include <algorithm>
#include <cstring>

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kNotFound = std::string_view::npos;

bool is_blank(std::string_view line, char delimiter) {
  return std::all_of(line.begin(), line.end(),
                     [delimiter](char c) { return is_padding(c, delimiter); });
}

/// The end of one record: the offset of its line break, or kNotFound with the open quote, if any.
struct RecordEnd {
  std::size_t line_break = kNotFound;
  std::uint64_t inner_breaks = 0;
  std::optional<std::size_t> open_quote;
};

/// Skips a quoted field whose opening quote is at `quote`; returns the offset after the closing
/// quote, or kNotFound.
std::size_t skip_quoted(std::string_view text, std::size_t quote, std::uint64_t& breaks) {
  std::size_t position = quote + 1;
  for (;;) {
    const std::size_t closing = text.find('"', position);
    if (closing == kNotFound) return kNotFound;
    breaks +=
        static_cast<std::uint64_t>(std::count(text.data() + position, text.data() + closing, '\n'));
    if (closing + 1 >= text.size() || text[closing + 1] != '"') return closing + 1;
    position = closing + 2;
  }
}

RecordEnd find_record_end(std::string_view text, std::size_t begin, char delimiter) {
  RecordEnd end;
  bool at_field_start = true;
  std::size_t i = begin;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\n') {
      end.line_break = i;
      return end;
    }
    if (c == '"' && at_field_start) {
      const std::size_t after = skip_quoted(text, i, end.inner_breaks);
      if (after == kNotFound) {
        end.open_quote = i;
        return end;
      }
      i = after;
      at_field_start = false;
      continue;
    }
    if (separates(c, delimiter)) {
      at_field_start = true;
    } else if (at_field_start && !is_padding(c, delimiter)) {
      at_field_start = false;
    }
    ++i;
  }
  return end;
}

}  // namespace

RecordScan scan_records(std::string_view text, char delimiter, std::uint64_t first_line,
                        bool is_last) {
  RecordScan scan;
  scan.next_line = first_line;
  // Without a quote anywhere, which is usual, every line is a record.
  const bool has_quotes = text.find('"') != kNotFound;
  while (scan.consumed < text.size()) {
    const std::size_t begin = scan.consumed;
    RecordEnd end;
    if (has_quotes) {
      end = find_record_end(text, begin, delimiter);
    } else {
      end.line_break = text.find('\n', begin);
    }
    scan.open_quote = end.open_quote;
    if (end.line_break == kNotFound && !is_last) break;
    if (end.open_quote) break;
    const std::size_t stop = std::min(end.line_break, text.size());
    if (!is_blank(text.substr(begin, stop - begin), delimiter)) {
      scan.records.push_back({begin, stop, scan.next_line});
    }
    scan.consumed = std::min(stop + 1, text.size());
    scan.next_line += end.inner_breaks + 1;
  }
  return scan;
}

std::vector<std::size_t> cut_lines(std::string_view text, std::size_t slice_bytes) {
  std::vector<std::size_t> bounds = {0};
  while (bounds.back() < text.size()) {
    const std::size_t wanted = std::min(bounds.back() + slice_bytes, text.size());
    bounds.push_back(text.find('\n', wanted - 1) + 1);
  }
  return bounds;
}

}  // namespace ebb::preprocessing
