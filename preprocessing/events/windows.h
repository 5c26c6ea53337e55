// Windows of time around a cut-off, which customers count at it, and who has left.
//
//     observation              gap         prediction
//   [cut-off - observe, cut-off) [cut-off, cut-off + gap) [cut-off + gap, cut-off + gap + window)
//
// Features see the observation window alone, so an event at the cut-off belongs to the future; what
// lies before the observation window is as if it were not in the log. The gap is the time that
// passes until one can act; events in it count for neither side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/events/event_log.h"

namespace ebb::preprocessing {

/// Lengths in microseconds (time/duration.h).
struct Windows {
  std::optional<std::int64_t> observe;     ///< empty: from the beginning of the log
  std::int64_t gap = 0;                    ///< 0 or more
  std::optional<std::int64_t> prediction;  ///< above 0; empty: there are no labels

  [[nodiscard]] std::int64_t observation_begin(std::int64_t cutoff) const;
  [[nodiscard]] std::int64_t prediction_begin(std::int64_t cutoff) const { return cutoff + gap; }
  /// Without a prediction window its begin.
  [[nodiscard]] std::int64_t prediction_end(std::int64_t cutoff) const {
    return prediction_begin(cutoff) + prediction.value_or(0);
  }
};

/// Which customers count at a cut-off: all rules must hold, within the observation window.
struct Eligibility {
  std::size_t least_purchases = 1;             ///< purchases (events); at least 1
  std::optional<std::int64_t> active_within;   ///< the last is at most so long before the cut-off
  std::optional<std::int64_t> customer_since;  ///< the first is at least so long before the cut-off
};

/// The customers that count at one cut-off.
struct Snapshot {
  std::int64_t cutoff = 0;
  std::vector<std::uint32_t> customers;  ///< numbers in the log, ascending
  std::vector<float> labels;  ///< 1: no purchase in the prediction window; none without a window

  /// The share of labels that are 1; NaN without labels.
  [[nodiscard]] double churn_rate() const;
};

/// Cost: linear in customers, and for each a binary search and a look at its purchases.
/// Throws DataError if a length is out of range, if the prediction window passes the end of the log
/// (EventLog::end(); the message names its last event), if the cut-off is not behind the first
/// event, and if no customer is eligible.
Snapshot take_snapshot(const EventLog& log, std::int64_t cutoff, const Windows& windows,
                       const Eligibility& eligibility);

/// The same for several cut-offs, ascending. Throws DataError also for one that is given twice, or
/// none at all.
std::vector<Snapshot> take_snapshots(const EventLog& log, std::vector<std::int64_t> cutoffs,
                                     const Windows& windows, const Eligibility& eligibility);

}  // namespace ebb::preprocessing
