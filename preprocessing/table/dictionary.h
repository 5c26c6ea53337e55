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
  static constexpr std::int32_t kUnknown = -1;

  /// The code of `text`: 0, 1, ... in order of first appearance; new texts are added.
  std::int32_t code(std::string_view text);
  /// The code of `text`, or kUnknown.
  [[nodiscard]] std::int32_t find(std::string_view text) const;
  [[nodiscard]] std::size_t size() const { return levels_.size(); }
  /// The distinct texts by code.
  [[nodiscard]] const std::vector<std::string>& levels() const { return levels_; }
  /// The distinct texts by code; leaves the dictionary empty.
  std::vector<std::string> take_levels() &&;

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::int32_t code = kUnknown;
  };

  void grow();
  /// The slot that holds `text` or would; there must be a free one.
  [[nodiscard]] std::size_t slot_of(std::string_view text, std::uint64_t key) const;

  std::vector<Slot> slots_;  // none, or a power of two, at most half of them used
  std::vector<std::string> levels_;
};

}  // namespace ebb::preprocessing
