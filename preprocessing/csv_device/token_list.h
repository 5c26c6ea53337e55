// The texts that mean "no value", as code on a device compares them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/csv_device/field_text.h"

namespace ebb::preprocessing {

/// Tokens in one array of bytes: a bit for each byte that one begins with, since most fields are
/// told apart by their first byte; then for each token its length in four bytes, and itself; at
/// last four zeros. The empty token stands apart.
struct TokenView {
  static constexpr int kFirstBytes = 32;

  const unsigned char* tokens = nullptr;
  bool has_empty = false;

  [[nodiscard]] constexpr bool contains(const FieldText& field) const {
    if (field.begin == field.end) return has_empty;
    const auto first = static_cast<unsigned char>(*field.begin);
    if ((tokens[first / 8] >> (first % 8) & 1) == 0) return false;
    const unsigned char* token = tokens + kFirstBytes;
    for (;;) {
      const std::uint32_t length = std::uint32_t{token[0]} | std::uint32_t{token[1]} << 8 |
                                   std::uint32_t{token[2]} << 16 | std::uint32_t{token[3]} << 24;
      if (length == 0) return false;
      token += 4;
      if (equals(field, token, length)) return true;
      token += length;
    }
  }

 private:
  static constexpr bool equals(const FieldText& field, const unsigned char* token,
                               std::uint32_t length) {
    // Doubled quotes make a field longer than its value, nothing makes it shorter.
    if (field.end - field.begin < length) return false;
    std::uint32_t i = 0;
    const bool is_same = field.for_bytes(
        [&](char c) { return i < length && token[i++] == static_cast<unsigned char>(c); });
    return is_same && i == length;
  }
};

class TokenList {
 public:
  explicit TokenList(std::span<const std::string> tokens);

  [[nodiscard]] const std::vector<unsigned char>& bytes() const { return bytes_; }
  [[nodiscard]] TokenView view(const unsigned char* bytes) const { return {bytes, has_empty_}; }

 private:
  std::vector<unsigned char> bytes_;
  bool has_empty_ = false;
};

}  // namespace ebb::preprocessing
