// The set of fields that mean "no value".
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::preprocessing {

/// Compares bytes exactly.
class MissingTokens {
 public:
  explicit MissingTokens(std::span<const std::string> tokens);
  [[nodiscard]] bool contains(std::string_view field) const {
    if (field.empty()) return has_empty_;
    return is_first_byte_[static_cast<unsigned char>(field.front())] && is_listed(field);
  }

 private:
  [[nodiscard]] bool is_listed(std::string_view field) const;

  std::vector<std::string> tokens_;
  std::array<bool, 256> is_first_byte_{};  // most fields are told apart by their first byte
  bool has_empty_ = false;
};

}  // namespace ebb::preprocessing
