#include "preprocessing/csv/json_lines_reader.h"

#include <algorithm>
#include <unordered_set>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/json_line.h"
#include "preprocessing/csv/json_slice_parser.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kHeaderBytes = std::size_t{16} << 20;
// What a block's fields take at most, 8 bytes each, beyond one line's.
constexpr std::size_t kMostCells = std::size_t{1} << 22;
// A line may have few of a log's keys. Tables of 2,000 columns, of which 5 have a value, reach 20.
constexpr std::uint64_t kMostCellsPerByte = 32;
constexpr std::uint64_t kFreeCells = std::uint64_t{1} << 24;

/// A text that means a missing value: none, if that does.
std::string null_text(const std::vector<std::string>& missing_tokens) {
  if (missing_tokens.empty() || MissingTokens(missing_tokens).contains("")) return "";
  return missing_tokens.front();
}

/// The lines on which slices begin, and at last the line behind them all.
std::vector<std::uint64_t> count_lines(std::string_view text,
                                       const std::vector<std::size_t>& bounds,
                                       std::uint64_t first) {
  std::vector<std::uint64_t> lines(bounds.size());
  parallel_for(bounds.size() - 1, kMostSliceBytes, [&](std::size_t i) {
    lines[i + 1] = static_cast<std::uint64_t>(
        std::count(text.data() + bounds[i], text.data() + bounds[i + 1], '\n'));
  });
  lines[0] = first;
  for (std::size_t i = 1; i < lines.size(); ++i) lines[i] += lines[i - 1];
  return lines;
}

/// Adds names that are new, in their order.
class NameList {
 public:
  void add(const std::string& name) {
    if (known_.insert(name).second) names_.push_back(name);
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

/// The keys of some lines.
std::vector<std::string> keys_of(std::string_view lines, std::uint64_t line,
                                 const std::string& source) {
  NameList names;
  JsonLine parsed;
  for (std::size_t at = 0; at < lines.size(); ++line) {
    const std::size_t end = lines.find('\n', at);
    const std::string_view text = lines.substr(at, end - at);
    at = end + 1;
    if (is_blank_json_line(text)) continue;
    parsed.parse(text, source, line);
    for (const JsonMember& member : parsed.members()) {
      if (member.key.empty()) {
        fail<DataError>("{}:{}: a key is empty: give every column a name", source, line);
      }
      names.add(member.key);
    }
  }
  return names.take();
}

}  // namespace

JsonLinesReader::JsonLinesReader(const std::filesystem::path& path, const CsvOptions& options)
    : text_(path),
      block_bytes_(std::max<std::size_t>(options.block_bytes, 64)),
      slice_bytes_(slice_bytes_of(block_bytes_)),
      max_record_bytes_(options.max_record_bytes),
      ignores_other_keys_(options.undeclared == UndeclaredColumns::ignore),
      null_text_(null_text(options.missing_tokens)) {
  text_.fill(kHeaderBytes);
  text_.take_byte_order_mark();
  read_header();
}

void JsonLinesReader::read_header() {
  const std::size_t bytes = read_lines();
  if (is_blank_json_line(text_.view())) {
    fail<DataError>("{}: the file is empty: expected an object on each line", source());
  }
  const std::string_view lines = text_.view().substr(0, bytes);
  const std::vector<std::size_t> bounds = cut_lines(lines, kMostSliceBytes);
  const std::vector<std::uint64_t> first = count_lines(lines, bounds, line_);
  std::vector<std::vector<std::string>> keys(bounds.size() - 1);
  parallel_for(keys.size(), kMostSliceBytes, [&](std::size_t i) {
    keys[i] = keys_of(lines.substr(bounds[i], bounds[i + 1] - bounds[i]), first[i], source());
  });
  NameList names;
  for (const auto& slice : keys) {
    for (const std::string& key : slice) names.add(key);
  }
  header_ = names.take();
  if (header_.empty()) fail<DataError>("{}: no line has a key, so there are no columns", source());
  if (header_.size() > kMostColumns) {
    fail<DataError>("{}: the lines have {} keys, at most {} are possible", source(), header_.size(),
                    kMostColumns);
  }
  for (std::size_t i = 0; i < header_.size(); ++i) columns_.emplace(header_[i], i);
}

/// Reads on until a whole line is pending; returns the bytes of all that are, 0 at the end.
std::size_t JsonLinesReader::read_lines() {
  if (!text_.at_end() && text_.size() < block_bytes_) text_.fill(block_bytes_);
  for (;;) {
    if (const std::size_t bytes = text_.view().rfind('\n') + 1; bytes > 0) return bytes;
    if (text_.at_end()) {
      if (text_.size() > 0) text_.end_line();
      return text_.size();
    }
    text_.check_length(max_record_bytes_, line_, "each line ends with LF or CRLF");
    text_.fill(block_bytes_);
  }
}

/// Of so many bytes of whole lines, those that become one block.
std::size_t JsonLinesReader::cut_block(std::size_t bytes) const {
  const std::string_view lines = text_.view().substr(0, bytes);
  const std::size_t most_lines = std::max<std::size_t>(1, kMostCells / header_.size());
  std::size_t end = 0;
  for (std::size_t i = 0; i < most_lines && end < std::min(bytes, block_bytes_); ++i) {
    end = lines.find('\n', end) + 1;
  }
  return end;
}

bool JsonLinesReader::next(FieldBlock& block) {
  for (;;) {
    const std::size_t bytes = cut_block(read_lines());
    if (bytes == 0) return false;
    const std::string_view lines = text_.view().substr(0, bytes);
    const std::vector<std::size_t> bounds = cut_lines(lines, slice_bytes_);
    const std::vector<std::uint64_t> first = count_lines(lines, bounds, line_);
    block.columns = header_.size();
    block.slices.resize(bounds.size() - 1);
    block.text.assign("");
    block.text.reserve(bytes + null_text_.size());
    std::copy(null_text_.begin(), null_text_.end(), block.text.data() + bytes);
    block.text.extend(bytes + null_text_.size());
    const JsonColumns columns = {source(), header_, columns_, ignores_other_keys_};
    const JsonTexts texts = {
        block.text.data(),
        {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(null_text_.size())}};
    const JsonSliceParser parser(columns);
    parallel_for(block.slices.size(), slice_bytes_, [&](std::size_t i) {
      parser.parse(lines.substr(bounds[i], bounds[i + 1] - bounds[i]), first[i], texts, bounds[i],
                   block.slices[i]);
    });
    text_.drop_front(bytes);
    taken_ += bytes;
    line_ = first.back();
    check_expansion(block);
    if (block.rows() > 0) return true;
  }
}

void JsonLinesReader::check_expansion(const FieldBlock& block) {
  cells_ += block.rows() * header_.size();
  if (cells_ <= kFreeCells || cells_ / kMostCellsPerByte <= taken_) return;
  fail<DataError>(
      "{}:{}: {} bytes of lines have become {} cells, more than {} a byte: the file has {} keys, "
      "and few of them stand on each line; leave out those that nobody needs",
      source(), line_, taken_, cells_, kMostCellsPerByte, header_.size());
}

}  // namespace ebb::preprocessing
