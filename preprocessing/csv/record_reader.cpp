#include "preprocessing/csv/record_reader.h"

#include <algorithm>
#include <unordered_map>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/dialect.h"
#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRecordsPerRange = 512;
constexpr std::size_t kMostColumns = 100'000;

std::string_view view(const std::vector<char>& text) { return {text.data(), text.size()}; }

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
      max_record_bytes_(options.max_record_bytes) {
  if (options.delimiter) check_delimiter(*options.delimiter);
  at_end_ = !fill();
  take_byte_order_mark();
  delimiter_ = options.delimiter ? *options.delimiter : sniff_delimiter(view(pending_), at_end_);
  read_header();
}

/// Appends up to a block of text to pending_; false when the source has ended.
bool RecordReader::fill() {
  const std::size_t before = pending_.size();
  const std::size_t wanted = before + block_bytes_;
  pending_.resize(wanted);
  std::size_t size = before;
  std::size_t got = 1;
  while (size < wanted && got > 0) {
    got = bytes_->read(pending_.data() + size, wanted - size);
    size += got;
  }
  pending_.resize(size);
  return got > 0;
}

/// Drops the mark of UTF-8, refuses the two of UTF-16.
void RecordReader::take_byte_order_mark() {
  const std::string_view text = view(pending_);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail<DataError>("{}: the file is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", source_);
  }
  if (text.starts_with("\xEF\xBB\xBF")) drop_text(3);
}

/// Scans what was read, and reads on until there is a record or the file ends.
RecordScan RecordReader::scan_on() {
  for (;;) {
    RecordScan scan = scan_records(view(pending_), delimiter_, line_, at_end_);
    if (!scan.records.empty() || at_end_) return scan;
    // Blank lines: they must not pile up.
    drop_text(scan.consumed);
    line_ = scan.next_line;
    check_record_length(scan.open_quote.has_value());
    at_end_ = !fill();
  }
}

void RecordReader::drop_text(std::size_t bytes) {
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(bytes));
}

void RecordReader::read_header() {
  const RecordScan scan = scan_on();
  if (scan.records.empty()) {
    if (scan.open_quote) fail_open_quote(*scan.open_quote);
    fail<DataError>("{}: the file is empty: expected a header line with column names", source_);
  }
  const RecordSpan record = scan.records.front();
  check_text(view(pending_), record.begin, record.end, record.line, source_);
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
  drop_text(std::min(record.end + 1, pending_.size()));
  line_ = record.line + break_count + 1;
}

bool RecordReader::next(FieldBlock& block) {
  if (!at_end_ && pending_.size() < block_bytes_) at_end_ = !fill();
  RecordScan scan = scan_on();
  if (scan.records.empty()) {
    if (scan.open_quote) fail_open_quote(*scan.open_quote);
    return false;
  }
  const auto consumed = static_cast<std::ptrdiff_t>(scan.consumed);
  std::vector<char> rest(pending_.begin() + consumed, pending_.end());
  pending_.resize(scan.consumed);
  block.text = std::move(pending_);
  pending_ = std::move(rest);
  line_ = scan.next_line;
  keep_to_first_short(scan.records);
  parse_fields(block, scan.records);
  return true;
}

/// A row of n fields has n - 1 delimiters, so a shorter record is ragged. It is parsed last: many
/// of them would need room for columns that they do not have.
void RecordReader::keep_to_first_short(std::vector<RecordSpan>& records) const {
  const auto is_short = [&](const RecordSpan& record) {
    return record.end - record.begin + 1 < header_.size();
  };
  const auto first = std::find_if(records.begin(), records.end(), is_short);
  if (first != records.end()) records.erase(first + 1, records.end());
}

/// Of the record with which pending_ begins.
void RecordReader::check_record_length(bool has_open_quote) const {
  if (pending_.size() <= max_record_bytes_) return;
  // A file that is no text has no lines. The last character may be there in part.
  std::size_t end = pending_.size();
  while (end > 0 && (static_cast<unsigned char>(pending_[end - 1]) & 0xC0) == 0x80) --end;
  if (end > 0) --end;
  check_text(view(pending_), 0, end, line_, source_);
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
      locate(view(pending_), 0, line_, offset, source_));
}

void RecordReader::parse_fields(FieldBlock& block, const std::vector<RecordSpan>& records) const {
  block.columns = header_.size();
  block.fields.resize(records.size() * block.columns);
  block.lines.resize(records.size());
  parallel_ranges(
      records.size(), block.columns, kRecordsPerRange, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
          const RecordSpan& record = records[row];
          check_text(view(block.text), record.begin, record.end, record.line, source_);
          const std::span<Field> fields(&block.fields[row * block.columns], block.columns);
          const std::size_t count =
              split_record(block.text.data(), record, delimiter_, fields, source_);
          if (count != block.columns) {
            fail<DataError>(
                "{}:{}: the row has {} field{}, expected {} as in the header: quote a field "
                "that contains the delimiter '{}' or a line break",
                source_, record.line, count, count == 1 ? "" : "s", block.columns,
                delimiter_ == '\t' ? std::string("\\t") : std::string(1, delimiter_));
          }
          block.lines[row] = record.line;
        }
      });
}

}  // namespace ebb::preprocessing
