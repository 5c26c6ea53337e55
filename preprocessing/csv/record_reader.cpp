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

// Small enough for the separators of a slice, and what is made of it, to stay in a core's cache.
// Small blocks are cut too, so that tests of them test that.
constexpr std::size_t kMostSliceBytes = std::size_t{128} << 10;
constexpr std::size_t kSlicesPerBlock = 16;
constexpr std::size_t kMostColumns = 100'000;

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
    : source_(source_name(path)),
      bytes_(open_byte_source(path)),
      block_bytes_(std::max<std::size_t>(options.block_bytes, 64)),
      slice_bytes_(std::min(block_bytes_ / kSlicesPerBlock, kMostSliceBytes)),
      max_record_bytes_(options.max_record_bytes) {
  if (options.delimiter) check_delimiter(*options.delimiter);
  at_end_ = !fill();
  take_byte_order_mark();
  delimiter_ = options.delimiter ? *options.delimiter : sniff_delimiter(pending_.view(), at_end_);
  read_header();
}

/// Appends up to a block of text to pending_; false when the source has ended.
bool RecordReader::fill() {
  const std::size_t wanted = pending_.size() + block_bytes_;
  pending_.reserve(wanted);
  std::size_t got = 1;
  while (pending_.size() < wanted && got > 0) {
    got = bytes_->read(pending_.data() + pending_.size(), wanted - pending_.size());
    pending_.extend(got);
  }
  return got > 0;
}

/// Drops the mark of UTF-8, refuses the two of UTF-16.
void RecordReader::take_byte_order_mark() {
  const std::string_view text = pending_.view();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail<DataError>("{}: the file is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", source_);
  }
  if (text.starts_with("\xEF\xBB\xBF")) pending_.drop_front(3);
}

/// Scans what was read, and reads on until there is a record or the file ends.
RecordScan RecordReader::scan_on() {
  for (;;) {
    RecordScan scan = scan_records(pending_.view(), delimiter_, line_, at_end_);
    if (!scan.records.empty() || at_end_) return scan;
    // Blank lines: they must not pile up.
    pending_.drop_front(scan.consumed);
    line_ = scan.next_line;
    check_record_length(scan.open_quote.has_value());
    at_end_ = !fill();
  }
}

void RecordReader::read_header() {
  const RecordScan scan = scan_on();
  if (scan.records.empty()) {
    if (scan.open_quote) fail_open_quote(*scan.open_quote);
    fail<DataError>("{}: the file is empty: expected a header line with column names", source_);
  }
  const RecordSpan record = scan.records.front();
  check_text(pending_.view(), record.begin, record.end, record.line, source_);
  const auto break_count = static_cast<std::uint64_t>(
      std::count(pending_.data() + record.begin, pending_.data() + record.end, '\n'));
  std::vector<Field> fields(std::min(record.end - record.begin + 1, kMostColumns));
  const std::size_t columns = split_record(pending_.data(), record, delimiter_, fields, source_);
  if (columns > kMostColumns) {
    fail<DataError>("{}:{}: the header names {} columns, at most {} are possible", source_,
                    record.line, columns, kMostColumns);
  }
  fields.resize(columns);
  for (const Field& field : fields) {
    header_.emplace_back(pending_.data() + field.offset, field.length);
  }
  check_header(header_, record.line, source_);
  pending_.drop_front(std::min(record.end + 1, pending_.size()));
  line_ = record.line + break_count + 1;
  parser_.emplace(source_, delimiter_, header_.size());
}

bool RecordReader::next(FieldBlock& block) {
  for (;;) {
    if (!at_end_ && pending_.size() < block_bytes_) at_end_ = !fill();
    const bool has_quotes = pending_.view().find('"') != std::string_view::npos;
    if (has_quotes) return next_records(block);
    if (!next_lines(block)) return false;
    if (block.rows() > 0) return true;
  }
}

/// Of a text without quotes; false at the end.
bool RecordReader::next_lines(FieldBlock& block) {
  std::size_t bytes = pending_.view().rfind('\n') + 1;
  if (bytes == 0 && !at_end_) {
    check_record_length(false);
    at_end_ = !fill();
    block.slices.clear();
    return true;
  }
  if (at_end_ && bytes < pending_.size()) {
    pending_.push_back('\n');
    bytes = pending_.size();
  }
  if (bytes == 0) return false;
  give_text(block, bytes);
  line_ = parser_->parse_lines(block, line_, slice_bytes_);
  return true;
}

bool RecordReader::next_records(FieldBlock& block) {
  RecordScan scan = scan_on();
  if (scan.records.empty()) {
    if (scan.open_quote) fail_open_quote(*scan.open_quote);
    return false;
  }
  give_text(block, scan.consumed);
  line_ = scan.next_line;
  parser_->parse_records(block, std::move(scan.records));
  return true;
}

/// Moves the first bytes of pending_ to the block.
void RecordReader::give_text(FieldBlock& block, std::size_t bytes) {
  std::swap(block.text, pending_);
  pending_.assign(block.text.view().substr(bytes));
  block.text.shrink(bytes);
}

/// Of the record with which pending_ begins.
void RecordReader::check_record_length(bool has_open_quote) const {
  if (pending_.size() <= max_record_bytes_) return;
  // A file that is no text has no lines. The last character may be there in part.
  std::size_t end = pending_.size();
  while (end > 0 && (static_cast<unsigned char>(pending_.view()[end - 1]) & 0xC0) == 0x80) --end;
  if (end > 0) --end;
  check_text(pending_.view(), 0, end, line_, source_);
  fail<DataError>(
      "{}:{}: a record longer than {} bytes begins here: {}", source_, line_, max_record_bytes_,
      has_open_quote ? "probably a quote that is never closed"
                     : "there is no line break; each row stands on a line that ends with LF or "
                       "CRLF");
}

void RecordReader::fail_open_quote(std::size_t offset) const {
  fail<DataError>(
      "{}: a quote opens here and is never closed: close it, or double it if it is "
      "part of the text",
      locate(pending_.view(), 0, line_, offset, source_));
}

}  // namespace ebb::preprocessing
