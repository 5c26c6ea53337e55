#include "apps/churn/config/toml_text.h"

#include <algorithm>
#include <cctype>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

/// Walks over a text as far as the parser gets in it: behind its first error, text in quotes may be
/// taken for keys, which is too late to matter.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  void run() {
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
      count_parts(c);
      ++position_;
    }
  }

  void count_parts(char c) {
    const bool is_in_key = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                           c == '-' || c == ' ' || c == '\t' || c == '.';
    if (!is_in_key) parts_ = 1;
    if (c == '.' && ++parts_ > kMostKeyParts) refuse_key();
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

  [[noreturn]] void refuse_key() const {
    const std::string_view before = text_.substr(0, position_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    fail<DataError>("{}:{}:{}: a key of more than {} parts", source_, line,
                    position_ - line_start + 1, kMostKeyParts);
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
