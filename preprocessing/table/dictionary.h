// Distinct texts and their codes, in order of first appearance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::preprocessing {

/// A hash table with open addressing: each text is stored once, in its place in the levels.
class Dictionary {
 public:
  /// The code of `text`: 0, 1, ... in order of first appearance; new texts are added.
  std::int32_t code(std::string_view text);
  [[nodiscard]] std::size_t size() const { return levels_.size(); }
  /// The distinct texts by code; leaves the dictionary empty.
  std::vector<std::string> take_levels() &&;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t code = kEmpty;
  };
  static constexpr std::int32_t kEmpty = -1;

  void grow();

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  std::vector<std::string> levels_;
};

}  // namespace ebb::preprocessing
