#include "preprocessing/events/level_counts.h"

#include <algorithm>

namespace ebb::preprocessing {

std::vector<LevelCount> count_levels(const EventLog& log, const EventCodes& codes,
                                     std::int64_t cutoff) {
  std::vector<LevelCount> counts(codes.levels.size());
  for (std::size_t i = 0; i < log.events(); ++i) {
    if (log.times()[i] >= cutoff || codes.codes[i] == kMissingCode) continue;
    ++counts[static_cast<std::size_t>(codes.codes[i])].events;
  }
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i].level = codes.levels[i];
  std::erase_if(counts, [](const LevelCount& count) { return count.events == 0; });
  std::sort(counts.begin(), counts.end(), [](const LevelCount& a, const LevelCount& b) {
    return a.events != b.events ? a.events > b.events : a.level < b.level;
  });
  return counts;
}

}  // namespace ebb::preprocessing
