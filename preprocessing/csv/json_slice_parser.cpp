#include "preprocessing/csv/json_slice_parser.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "kernels/common/error.h"
#include "preprocessing/csv/json_line.h"

namespace ebb::preprocessing {
namespace {

/// Finds keys, which mostly come in the order of the columns.
class KeyFinder {
 public:
  explicit KeyFinder(const JsonColumns& columns) : columns_(columns) {}

  void start_line() { next_ = 0; }
  std::optional<std::size_t> find(const std::string& key) {
    if (next_ == columns_.header.size() || columns_.header[next_] != key) {
      const auto found = columns_.positions.find(key);
      if (found == columns_.positions.end()) return std::nullopt;
      next_ = found->second;
    }
    return next_++;
  }

 private:
  const JsonColumns& columns_;
  std::size_t next_ = 0;
};

}  // namespace

bool is_blank_json_line(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void JsonSliceParser::parse(std::string_view lines, std::uint64_t line, const JsonTexts& to,
                            std::size_t begin, FieldSlice& slice) const {
  const std::size_t columns = columns_.header.size();
  slice.text_ = to.text;
  slice.columns_ = columns;
  slice.fields_.clear();
  slice.lines_.clear();
  JsonLine parsed;
  KeyFinder keys(columns_);
  std::vector<std::uint64_t> last_line(columns);  // on which a key was seen
  for (std::size_t at = 0; at < lines.size(); ++line) {
    const std::size_t end = lines.find('\n', at);
    const std::string_view text = lines.substr(at, end - at);
    at = end + 1;
    if (is_blank_json_line(text)) continue;
    parsed.parse(text, columns_.source, line);
    slice.lines_.push_back(line);
    slice.fields_.resize(slice.fields_.size() + columns, to.null);
    Field* fields = slice.fields_.data() + slice.fields_.size() - columns;
    keys.start_line();
    for (const JsonMember& member : parsed.members()) {
      const std::optional<std::size_t> column = keys.find(member.key);
      if (!column) {
        if (columns_.ignores_other_keys) continue;
        fail<DataError>(
            "{}:{}: the key \"{}\" comes here for the first time, behind the first 16 MiB, whose "
            "keys are the columns: write it on the first line, with null",
            columns_.source, line, shortened(member.key));
      }
      if (std::exchange(last_line[*column], line) == line) {
        fail<DataError>("{}:{}: the key \"{}\" stands twice on the line", columns_.source, line,
                        shortened(member.key));
      }
      if (member.is_null) continue;
      std::memcpy(to.text + begin, member.text.data(), member.text.size());
      fields[*column] = {static_cast<std::uint32_t>(begin),
                         static_cast<std::uint32_t>(member.text.size())};
      begin += member.text.size();
    }
  }
  slice.rows_ = slice.lines_.size();
}

}  // namespace ebb::preprocessing
