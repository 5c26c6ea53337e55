// How often values occur in the events before a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "preprocessing/events/event_log.h"

namespace ebb::preprocessing {

struct LevelCount {
  std::string level;
  std::size_t events = 0;
};

/// The levels that occur before `cutoff`, the most frequent first, of equal ones the first by
/// bytes. Cost: linear in events, n log n in levels.
std::vector<LevelCount> count_levels(const EventLog& log, const EventCodes& codes,
                                     std::int64_t cutoff);

}  // namespace ebb::preprocessing
