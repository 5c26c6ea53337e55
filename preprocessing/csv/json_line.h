// One line of a file of JSON lines: an object whose values are texts, numbers, true, false or null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::preprocessing {

/// A key and its value as a CSV file would spell it.
struct JsonMember {
  std::string key;
  std::string text;
  bool is_null = false;  // then there is no text
};

class JsonLine {
 public:
  /// Replaces the members by those of `text`. Throws DataError "source:line[:column]: ..." for what
  /// is not JSON in UTF-8, not an object, or has a value in arrays or objects, naming its key, for
  /// NUL characters, and for numbers beyond f64. A key may stand twice.
  void parse(std::string_view text, const std::string& source, std::uint64_t line);

  [[nodiscard]] std::span<const JsonMember> members() const { return {members_.data(), count_}; }

 private:
  class Handler;

  std::vector<JsonMember> members_;  // whose texts keep their room for the next line
  std::size_t count_ = 0;
};

}  // namespace ebb::preprocessing
