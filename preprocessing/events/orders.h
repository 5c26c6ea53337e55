// A customer's purchases as orders: the events of one invoice, or of one day where there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/events/event_log.h"

namespace ebb::preprocessing {

struct Order {
  std::int64_t key = 0;   ///< another for every order of the log: even of an invoice, odd of a day
  std::int64_t time = 0;  ///< of its first event
  double money = 0.0;     ///< values that are missing add nothing
  std::size_t items = 0;  ///< distinct ones; 0 without an item column
};

/// Groups events; keeps its room from one customer to the next.
class OrderGrouping {
 public:
  /// The orders among the events of `kind` in `range`, by time. Money is added in the order of the
  /// log. Cost: n log n in the events of the range. The result holds until the next call.
  std::span<const Order> group(const EventLog& log, const EventLog::Range& range, EventKind kind);

 private:
  struct Line {
    std::int64_t order = 0;  // its key
    std::size_t event = 0;
  };

  std::vector<Line> lines_;
  std::vector<std::int32_t> items_;
  std::vector<Order> orders_;
};

/// How many different values `codes` has; a missing one is none. Sorts them.
std::size_t count_distinct_codes(std::vector<std::int32_t>& codes);

}  // namespace ebb::preprocessing
