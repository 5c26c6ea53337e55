// Distinct texts and their codes, in order of first appearance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ebb::preprocessing {

class Dictionary {
 public:
  /// The code of `text`: 0, 1, ... in order of first appearance; new texts are added.
  std::int32_t code(std::string_view text);
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  /// The distinct texts by code; leaves the dictionary empty.
  std::vector<std::string> take_levels() &&;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Map = std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>>;
  Map codes_;
  std::vector<const std::string*> order_;  // keys of codes_, whose nodes never move
};

}  // namespace ebb::preprocessing
