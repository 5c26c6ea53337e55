#include "preprocessing/csv_device/chunk_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "preprocessing/csv/fields.h"

namespace ebb::preprocessing {

ChunkReader::ChunkReader(RecordReader header, const CsvOptions& options, Device device)
    : columns_(std::ssize(header.header())),
      delimiter_(header.delimiter()),
      chunk_bytes_(8 * std::max<std::size_t>(options.block_bytes, 64)),
      max_record_bytes_(options.max_record_bytes),
      line_(header.line()),
      text_(std::move(header).take_text()),
      staging_(device) {}

bool ChunkReader::next(Context& context) {
  text_.drop_front(std::exchange(chunk_.fields.bytes, 0));
  for (bool has_grown = false;;) {
    if (text_.at_end()) {
      end_text();
      if (text_.size() == 0) return false;
      is_regular_ = cut(context) && chunk_.fields.rows > 0;
      return is_regular_;
    }
    // A record that is longer than a chunk: not so long that the host would refuse it.
    is_regular_ = !has_grown || text_.size() + chunk_bytes_ <= max_record_bytes_;
    if (!is_regular_) return false;
    text_.fill(chunk_bytes_);
    if (text_.at_end()) continue;
    is_regular_ = cut(context);
    if (!is_regular_) return false;
    if (chunk_.fields.rows > 0) return true;
    has_grown = true;
  }
}

/// Leaves out blank lines at the end, which are no rows, and ends the last one that is.
void ChunkReader::end_text() {
  std::size_t size = text_.size();
  const auto is_blank = [&](char c) { return c == '\n' || is_padding(c, delimiter_); };
  while (size > 0 && is_blank(text_.view()[size - 1])) --size;
  text_.shrink(size);
  if (size > 0) text_.end_line();
}

bool ChunkReader::cut(Context& context) {
  // Its line feed may not be there yet.
  const bool ends_in_return = text_.view().ends_with('\r');
  const std::size_t bytes = text_.size() - (ends_in_return ? 1 : 0);
  std::memcpy(staging_.host(bytes), text_.data(), bytes);
  staging_.upload();
  const Tensor text = staging_.tensor({static_cast<std::int64_t>(bytes)}, DType::u8);
  auto fields = cut_fields(context, text, delimiter_, columns_);
  if (!fields) return false;
  const std::string_view rows = text_.view().substr(0, fields->bytes);
  if (!fields->is_plain) check_text(rows, 0, rows.size(), line_, text_.source());
  chunk_ = {*std::move(fields), text_.data(), line_};
  line_ += static_cast<std::uint64_t>(chunk_.fields.has_inner_feeds
                                          ? std::count(rows.begin(), rows.end(), '\n')
                                          : chunk_.fields.rows);
  return true;
}

}  // namespace ebb::preprocessing
