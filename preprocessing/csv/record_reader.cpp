#include "preprocessing/csv/record_reader.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/dialect.h"
#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {
namespace {

void check_header(const std::vector<std::string>& header, std::uint64_t line,
                  const std::string& source) {
  std::unordered_map<std::string_view, std::size_t> positions;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i].empty()) {
      fail<DataError>("{}:{}: column {} of {} has no name in the header: give every column a name",
                      source, line, i + 1, header.size());
    }
    const auto [first, inserted] = positions.emplace(header[i], i);
    if (!inserted) {
      fail<DataError>("{}:{}: the header names \"{}\" twice (columns {} and {}): rename one",
                      source, line, shortened(header[i]), first->second + 1, i + 1);
    }
  }
}

}  // namespace

RecordReader::RecordReader(const std::filesystem::path& path, const CsvOptions& options)
    : text_(path),
      block_bytes_(std::max<std::size_t>(options.block_bytes, 64)),
      slice_bytes_(slice_bytes_of(block_bytes_)),
      max_record_bytes_(options.max_record_bytes) {
  if (options.delimiter) check_delimiter(*options.delimiter);
  text_.fill(block_bytes_);
  text_.take_byte_order_mark();
  refuse_json(options);
  delimiter_ =
      options.delimiter ? *options.delimiter : sniff_delimiter(text_.view(), text_.at_end());
  read_header();
}

/// JSON lines under another name.
void RecordReader::refuse_json(const CsvOptions& options) const {
  if (options.format != TextFormat::by_name || !text_.view().starts_with("{\"")) return;
  fail<DataError>("{}: the file holds JSON: JSON lines are read from files named .jsonl or .ndjson",
                  source());
}

/// Scans what was read, and reads on until there is a record or the file ends.
RecordScan RecordReader::scan_on() {
  for (;;) {
    RecordScan scan = scan_records(text_.view(), delimiter_, line_, text_.at_end());
    if (!scan.records.empty() || text_.at_end()) return scan;
    // Blank lines: they must not pile up.
    text_.drop_front(scan.consumed);
    line_ = scan.next_line;
    check_record_length(scan.open_quote.has_value());
    text_.fill(block_bytes_);
  }
}

void RecordReader::read_header() {
  const RecordScan scan = scan_on();
  if (scan.records.empty()) {
    if (scan.open_quote) fail_open_quote(*scan.open_quote);
    fail<DataError>("{}: the file is empty: expected a header line with column names", source());
  }
  const RecordSpan record = scan.records.front();
  check_text(text_.view(), record.begin, record.end, record.line, source());
  const auto break_count = static_cast<std::uint64_t>(
      std::count(text_.data() + record.begin, text_.data() + record.end, '\n'));
  std::vector<Field> fields(std::min(record.end - record.begin + 1, kMostColumns));
  const std::size_t columns = split_record(text_.data(), record, delimiter_, fields, source());
  if (columns > kMostColumns) {
    fail<DataError>("{}:{}: the header names {} columns, at most {} are possible", source(),
                    record.line, columns, kMostColumns);
  }
  fields.resize(columns);
  for (const Field& field : fields) {
    header_.emplace_back(text_.data() + field.offset, field.length);
  }
  check_header(header_, record.line, source());
  text_.drop_front(std::min(record.end + 1, text_.size()));
  line_ = record.line + break_count + 1;
  parser_.emplace(source(), delimiter_, header_.size());
}

bool RecordReader::next(FieldBlock& block) {
  for (;;) {
    if (!text_.at_end() && text_.size() < block_bytes_) text_.fill(block_bytes_);
    const bool has_quotes = text_.view().find('"') != std::string_view::npos;
    if (has_quotes) return next_records(block);
    if (!next_lines(block)) return false;
    if (block.rows() > 0) return true;
  }
}

/// Of a text without quotes; false at the end.
bool RecordReader::next_lines(FieldBlock& block) {
  std::size_t bytes = text_.view().rfind('\n') + 1;
  if (bytes == 0 && !text_.at_end()) {
    check_record_length(false);
    text_.fill(block_bytes_);
    block.slices.clear();
    return true;
  }
  if (text_.at_end() && bytes < text_.size()) {
    text_.end_line();
    bytes = text_.size();
  }
  if (bytes == 0) return false;
  text_.give(block.text, bytes);
  line_ = parser_->parse_lines(block, line_, slice_bytes_);
  return true;
}

bool RecordReader::next_records(FieldBlock& block) {
  RecordScan scan = scan_on();
  if (scan.records.empty()) {
    if (scan.open_quote) fail_open_quote(*scan.open_quote);
    return false;
  }
  text_.give(block.text, scan.consumed);
  line_ = scan.next_line;
  parser_->parse_records(block, std::move(scan.records));
  return true;
}

/// Of the record with which the pending text begins.
void RecordReader::check_record_length(bool has_open_quote) const {
  text_.check_length(max_record_bytes_, line_,
                     has_open_quote
                         ? "probably a quote that is never closed"
                         : "there is no line break; each row stands on a line that ends with LF or "
                           "CRLF");
}

void RecordReader::fail_open_quote(std::size_t offset) const {
  fail<DataError>(
      "{}: a quote opens here and is never closed: close it, or double it if it is "
      "part of the text",
      locate(text_.view(), 0, line_, offset, source()));
}

}  // namespace ebb::preprocessing
