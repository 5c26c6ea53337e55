#include "preprocessing/table/dictionary.h"

#include <algorithm>
#include <utility>
#include <xxhash.h>

namespace ebb::preprocessing {

std::int32_t Dictionary::code(std::string_view text) {
  if (2 * levels_.size() >= slots_.size()) grow();
  const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.code == kEmpty) {
      slot = {hash, static_cast<std::int32_t>(levels_.size())};
      levels_.emplace_back(text);
      return slot.code;
    }
    if (slot.hash == hash && levels_[static_cast<std::size_t>(slot.code)] == text) return slot.code;
  }
}

void Dictionary::grow() {
  constexpr std::size_t kLeastSlots = 16;
  const std::vector<Slot> before =
      std::exchange(slots_, std::vector<Slot>(std::max(kLeastSlots, 2 * slots_.size())));
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.code == kEmpty) continue;
    std::size_t i = slot.hash & mask;
    while (slots_[i].code != kEmpty) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

std::vector<std::string> Dictionary::take_levels() && {
  slots_.clear();
  return std::exchange(levels_, {});
}

}  // namespace ebb::preprocessing
