#include "apps/churn/config/toml_text.h"

#include <algorithm>
#include <cctype>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Walks over a text as far as the parser can get in it: behind its first error anything may be
/// taken for anything.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  void run() {
    if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
    while (position_ < text_.size()) step();
  }

 private:
  void step() {
    const char c = text_[position_];
    if (c == '#') {
      position_ = std::min(text_.find('\n', position_), text_.size());
    } else if (c == '"' || c == '\'') {
      skip_string(c);
    } else {
      check_bare(c);
      ++position_;
    }
  }

  void check_bare(char c) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      refuse("a character beyond ASCII outside of quotes: put the name or text in quotes");
    }
    const bool is_in_key = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                           c == '-' || c == ' ' || c == '\t' || c == '.';
    if (!is_in_key) parts_ = 1;
    if (c == '.' && ++parts_ > kMostKeyParts) {
      refuse(fmt::format("a key of more than {} parts", kMostKeyParts));
    }
  }

  void skip_string(char quote) {
    const std::string triple(3, quote);
    if (text_.substr(position_).starts_with(triple)) {
      position_ += triple.size();
      while (position_ < text_.size() && !text_.substr(position_).starts_with(triple)) {
        skip_character(quote);
      }
      position_ += triple.size();
      // Up to two quotes more belong to the text.
      for (int i = 0; i < 2 && position_ < text_.size() && text_[position_] == quote; ++i) {
        ++position_;
      }
    } else {
      ++position_;
      while (position_ < text_.size() && text_[position_] != quote && text_[position_] != '\n') {
        skip_character(quote);
      }
      ++position_;
    }
  }

  /// One character within quotes; a backslash in "..." takes the next one with it.
  void skip_character(char quote) { position_ += quote == '"' && text_[position_] == '\\' ? 2 : 1; }

  [[noreturn]] void refuse(std::string_view problem) const {
    const std::string_view before = text_.substr(0, position_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    fail<DataError>("{}:{}:{}: {}", source_, line, position_ - line_start + 1, problem);
  }

  std::string_view text_;
  std::string_view source_;
  std::size_t position_ = 0;
  std::size_t parts_ = 1;  // of the key at hand
};

}  // namespace

void check_toml_text(std::string_view text, std::string_view source) {
  if (text.size() > kMostTomlBytes) {
    fail<DataError>("{}: has {} bytes, settings have at most {}", source, text.size(),
                    kMostTomlBytes);
  }
  Scanner(text, source).run();
}

}  // namespace ebb::churn
