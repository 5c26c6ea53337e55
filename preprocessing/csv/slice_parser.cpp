#include "preprocessing/csv/slice_parser.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/separators.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRecordsPerSlice = 512;
// A slice so many times longer than wanted has a long line, which may be one of separators alone.
// Their offsets would take four times its room; those of its records take none. Between blanks no
// separator tells where a field is: one blank or many may.
constexpr std::size_t kLongSlice = 16;

/// A row of n fields has n - 1 delimiters, so a shorter record is ragged. It is parsed last: many
/// of them would need room for columns that they do not have.
void keep_to_first_short(std::vector<RecordSpan>& records, std::size_t columns) {
  const auto is_short = [&](const RecordSpan& record) {
    return record.end - record.begin + 1 < columns;
  };
  const auto first = std::find_if(records.begin(), records.end(), is_short);
  if (first != records.end()) records.erase(first + 1, records.end());
}

}  // namespace

struct SliceParser::Lines {
  std::string_view text;
  Separators separators;
  bool is_regular = false;  // every line has as many fields as there are columns
};

std::uint64_t SliceParser::parse_lines(FieldBlock& block, std::uint64_t first_line,
                                       std::size_t slice_bytes) const {
  const std::vector<std::size_t> bounds = cut_lines(block.text.view(), slice_bytes);
  std::vector<Lines> lines(bounds.size() - 1);
  block.columns = columns_;
  block.slices.resize(lines.size());
  parallel_for(lines.size(), slice_bytes, [&](std::size_t i) {
    const std::string_view text = block.text.view().substr(bounds[i], bounds[i + 1] - bounds[i]);
    lines[i].text = text;
    if (delimiter_ == kBlanks || text.size() > kLongSlice * slice_bytes) {
      lines[i].separators.line_feeds =
          static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    } else {
      separate(lines[i], block.slices[i]);
    }
  });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    block.slices[i].first_line_ = first_line;
    first_line += lines[i].separators.line_feeds;
  }
  parallel_for(lines.size(), slice_bytes, [&](std::size_t i) {
    FieldSlice& slice = block.slices[i];
    const std::string_view text = lines[i].text;
    if (!lines[i].is_regular) {
      RecordScan scan = scan_records(text, delimiter_, slice.first_line_, true);
      keep_to_first_short(scan.records, columns_);
      split(slice, block.text.data() + bounds[i], scan.records);
    } else if (!lines[i].separators.is_plain) {
      check_text(text, 0, text.size(), slice.first_line_, source_);
    }
  });
  return first_line;
}

void SliceParser::separate(Lines& lines, FieldSlice& slice) const {
  const std::size_t room = lines.text.size() + kSeparatorSlack;
  if (slice.room_ < room) {
    slice.separators_ = std::make_unique_for_overwrite<std::uint32_t[]>(room);
    slice.room_ = room;
  }
  lines.separators = find_separators(lines.text, delimiter_, slice.separators_.get());
  const std::size_t rows = lines.separators.line_feeds;
  slice.text_ = lines.text.data();
  slice.columns_ = columns_;
  slice.delimiter_ = delimiter_;
  slice.rows_ = rows;
  slice.lines_.clear();
  // A line of one column may be blank, which is no row.
  lines.is_regular = columns_ > 1 && !lines.separators.has_lone_return &&
                     lines.separators.count == rows * columns_;
  for (std::size_t row = 1; row <= rows && lines.is_regular; ++row) {
    lines.is_regular = lines.text[slice.separators_[row * columns_ - 1]] == '\n';
  }
}

void SliceParser::parse_records(FieldBlock& block, std::vector<RecordSpan> records) const {
  keep_to_first_short(records, columns_);
  block.columns = columns_;
  block.slices.resize((records.size() + kRecordsPerSlice - 1) / kRecordsPerSlice);
  parallel_for(block.slices.size(), kRecordsPerSlice * columns_, [&](std::size_t i) {
    const std::span<const RecordSpan> all(records);
    const std::size_t begin = i * kRecordsPerSlice;
    split(block.slices[i], block.text.data(),
          all.subspan(begin, std::min(kRecordsPerSlice, records.size() - begin)));
  });
}

void SliceParser::split(FieldSlice& slice, char* text, std::span<const RecordSpan> records) const {
  slice.text_ = text;
  slice.columns_ = columns_;
  slice.rows_ = records.size();
  slice.fields_.resize(records.size() * columns_);
  slice.lines_.resize(records.size());
  for (std::size_t row = 0; row < records.size(); ++row) {
    const RecordSpan& record = records[row];
    check_text({text, record.end}, record.begin, record.end, record.line, source_);
    const std::span<Field> fields(&slice.fields_[row * columns_], columns_);
    const std::size_t count = split_record(text, record, delimiter_, fields, source_);
    if (count != columns_) {
      fail<DataError>(
          "{}:{}: the row has {}, expected {} as in the header: quote a field "
          "that contains the delimiter '{}' or a line break",
          source_, record.line, counted(count, "field"), columns_,
          delimiter_ == '\t' ? std::string("\\t") : std::string(1, delimiter_));
    }
    slice.lines_[row] = record.line;
  }
}

}  // namespace ebb::preprocessing
