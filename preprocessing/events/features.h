// What a customer's past says of a customer at a cut-off, as one row of numbers.
//
// Purchases are grouped into orders (orders.h), each dated by its first event. Money is the sum of
// an order's values. All lengths are days, fractions included. n is the number of orders.
//
//   recency_days              cut-off less the last order
//   age_days                  cut-off less the first order
//   span_days                 last order less the first
//   orders, repeat_orders     n, n - 1
//   purchase_lines            events that are purchases
//   gap_mean_days             mean time between an order and the next; missing for n < 2
//   gap_deviation_days        its population standard deviation; missing for n < 3
//   money_total, money_per_order
//   money_deviation           population standard deviation of the orders' money; missing for n < 2
//   items_distinct            different items bought
//   items_per_order           mean of different items in an order
//   orders_last_30d           orders within 30 days before the cut-off, for each of `recent`
//   orders_change_30d         that, less the orders within the 30 days before those
//   money_last_30d, money_change_30d      the same of money
//   returns, money_returned   returned orders, and the sum of the sizes of their values
//   orders_on_monday ... orders_on_sunday
//   events_COLUMN_LEVEL       events of any kind with that value, for each counted level
//   events_COLUMN_other       with any other value
//
// Money, items, returns and levels are there if the log has columns for them. Sums run over one
// customer's events in the order of the log, so they have the same bits for any number of threads.
// Deviations take two passes. Peer: pandas (tests/data/make_events.py).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/events/event_log.h"
#include "preprocessing/events/windows.h"
#include "preprocessing/table/table.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {

/// A column by whose values events are counted.
struct CountedLevels {
  std::string column;
  std::vector<std::string> levels;
};

/// Which features there are. It must be the same for the table that a model is trained on and for
/// the tables that it scores.
struct FeaturePlan {
  std::vector<std::int64_t> recent = {30 * kMicrosecondsPerDay, 60 * kMicrosecondsPerDay,
                                      90 * kMicrosecondsPerDay};  ///< lengths above 0
  std::vector<CountedLevels> counted;  ///< columns among EventColumns::categories
};

/// The at most `most` most frequent levels of a category column among events before `cutoff`, the
/// most frequent first, of equal ones the first by bytes. "other" is none of them: it is counted
/// with the rest. Throws DataError for a column that is not among the log's categories.
CountedLevels frequent_levels(const EventLog& log, const std::string& column, std::int64_t cutoff,
                              std::size_t most);

/// The names of the features in their order.
std::vector<std::string> feature_names(const EventLog& log, const FeaturePlan& plan);

/// One row for each customer of each snapshot, in that order: the column of customers by the name
/// it has in the log, "cutoff" (its timestamp as a text), the features as numbers and, where
/// snapshots have labels, "churn" (0 or 1).
/// Cost: n log n in a customer's events, in parallel over customers; 8 bytes for each feature.
/// Throws DataError if a plan's column is not among the log's categories, for a length that is not
/// above 0 or given twice, for two columns of one name, and, naming the customer, for money beyond
/// the largest number.
Table customer_table(const EventLog& log, std::span<const Snapshot> snapshots,
                     const Windows& windows, const FeaturePlan& plan);

}  // namespace ebb::preprocessing
