#include "preprocessing/table/dictionary.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "preprocessing/common/spread.h"

#define XXH_INLINE_ALL  // a call would take as long as hashing a short text
#include <xxhash.h>

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kLongText = 8;  // bytes

template <class Word>
std::uint64_t load(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

/// Texts of fewer than kLongText bytes have keys of their own: the bytes, then the length. Long
/// ones have a hash, and a highest byte that is no such length.
std::uint64_t key_of(std::string_view text) {
  const std::size_t size = text.size();
  if (size >= kLongText) return XXH3_64bits(text.data(), size) | (std::uint64_t{0xFF} << 56);
  const std::uint64_t length = std::uint64_t{size} << 56;
  if (size == 0) return length;
  // Loads that overlap agree where they do.
  if (size >= 4) {
    return length | load<std::uint32_t>(text.data()) |
           (load<std::uint32_t>(text.data() + size - 4) << (8 * (size - 4)));
  }
  return length | load<std::uint8_t>(text.data()) |
         (load<std::uint8_t>(text.data() + size / 2) << (8 * (size / 2))) |
         (load<std::uint8_t>(text.data() + size - 1) << (8 * (size - 1)));
}

}  // namespace

std::int32_t Dictionary::code(std::string_view text) {
  if (2 * levels_.size() >= slots_.size()) grow();
  const std::uint64_t key = key_of(text);
  Slot& slot = slots_[slot_of(text, key)];
  if (slot.code == kUnknown) {
    slot = {key, static_cast<std::int32_t>(levels_.size())};
    levels_.emplace_back(text);
  }
  return slot.code;
}

std::int32_t Dictionary::find(std::string_view text) const {
  if (slots_.empty()) return kUnknown;
  return slots_[slot_of(text, key_of(text))].code;
}

std::size_t Dictionary::slot_of(std::string_view text, std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = spread(key) & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.code == kUnknown) return i;
    if (slot.key == key &&
        (text.size() < kLongText || levels_[static_cast<std::size_t>(slot.code)] == text)) {
      return i;
    }
  }
}

void Dictionary::grow() {
  constexpr std::size_t kLeastSlots = 16;
  const std::vector<Slot> before =
      std::exchange(slots_, std::vector<Slot>(std::max(kLeastSlots, 2 * slots_.size())));
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.code == kUnknown) continue;
    std::size_t i = spread(slot.key) & mask;
    while (slots_[i].code != kUnknown) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

std::vector<std::string> Dictionary::take_levels() && {
  slots_.clear();
  return std::exchange(levels_, {});
}

}  // namespace ebb::preprocessing
