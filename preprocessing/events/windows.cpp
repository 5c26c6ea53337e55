#include "preprocessing/events/windows.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/time/duration.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kCustomersPerSearch = 256;
constexpr std::size_t kSearchWorkPerCustomer = 64;  // about, in cells

void check_windows(const EventLog& log, std::int64_t cutoff, const Windows& windows,
                   const Eligibility& eligibility) {
  if (windows.prediction && *windows.prediction <= 0) {
    fail<DataError>("the prediction window has no length: give it at least a day, such as 91d");
  }
  if (windows.observe && *windows.observe <= 0) {
    fail<DataError>("the observation window has no length: leave it out to see the whole past");
  }
  if (windows.gap < 0) fail<DataError>("the gap is negative: it must be 0d or more");
  if (eligibility.least_purchases == 0) {
    fail<DataError>("customers need at least one purchase before the cut-off");
  }
  if (cutoff <= log.first_time()) {
    fail<DataError>("{}: nothing lies before the cut-off {}: the first event is at {}",
                    log.source(), format_timestamp(cutoff), format_timestamp(log.first_time()));
  }
  if (windows.prediction && windows.prediction_end(cutoff) > log.end()) {
    const std::int64_t latest = log.end() - *windows.prediction - windows.gap;
    fail<DataError>(
        "{}: the prediction window of cut-off {} ends at {}, and the last event of the log is at "
        "{}: customers who buy after that would count as gone: {}",
        log.source(), format_timestamp(cutoff), format_timestamp(windows.prediction_end(cutoff)),
        format_timestamp(log.last_time()),
        latest > log.first_time()
            ? fmt::format("the latest possible cut-off is {}", format_timestamp(latest))
            : fmt::format("the window is longer than the log, which begins at {}",
                          format_timestamp(log.first_time())));
  }
}

bool has_purchase(const EventLog& log, const EventLog::Range& range) {
  const auto kinds = log.kinds().subspan(range.begin, range.end - range.begin);
  return std::find(kinds.begin(), kinds.end(), EventKind::purchase) != kinds.end();
}

bool is_eligible(const EventLog& log, const EventLog::Range& range, std::int64_t cutoff,
                 const Eligibility& rules) {
  std::size_t purchases = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (log.kinds()[i] != EventKind::purchase) continue;
    last = log.times()[i];
    if (purchases++ == 0) first = last;
  }
  return purchases >= rules.least_purchases &&
         (!rules.active_within || last >= cutoff - *rules.active_within) &&
         (!rules.customer_since || first <= cutoff - *rules.customer_since);
}

}  // namespace

std::int64_t Windows::observation_begin(std::int64_t cutoff) const {
  return observe ? cutoff - *observe : std::numeric_limits<std::int64_t>::min();
}

double Snapshot::churn_rate() const {
  return std::accumulate(labels.begin(), labels.end(), 0.0) / static_cast<double>(labels.size());
}

Snapshot take_snapshot(const EventLog& log, std::int64_t cutoff, const Windows& windows,
                       const Eligibility& eligibility) {
  check_windows(log, cutoff, windows, eligibility);
  std::vector<std::uint8_t> counts(log.customers());
  std::vector<std::uint8_t> leaves(log.customers());
  const std::int64_t begin_of_observation = windows.observation_begin(cutoff);
  const std::int64_t begin_of_prediction = windows.prediction_begin(cutoff);
  const std::int64_t end_of_prediction = windows.prediction_end(cutoff);
  parallel_ranges(
      log.customers(), kSearchWorkPerCustomer, kCustomersPerSearch,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t customer = begin; customer < end; ++customer) {
          const EventLog::Range past = log.between(customer, begin_of_observation, cutoff);
          if (!is_eligible(log, past, cutoff, eligibility)) continue;
          counts[customer] = 1;
          leaves[customer] =
              has_purchase(log, log.between(customer, begin_of_prediction, end_of_prediction)) ? 0
                                                                                               : 1;
        }
      });
  Snapshot snapshot;
  snapshot.cutoff = cutoff;
  for (std::size_t customer = 0; customer < counts.size(); ++customer) {
    if (counts[customer] == 0) continue;
    snapshot.customers.push_back(static_cast<std::uint32_t>(customer));
    if (windows.prediction) snapshot.labels.push_back(static_cast<float>(leaves[customer]));
  }
  if (snapshot.customers.empty()) {
    fail<DataError>(
        "{}: no customer is eligible at the cut-off {}: none of {} has {} "
        "in the observation window that fit the rules",
        log.source(), format_timestamp(cutoff), log.customers(),
        counted(eligibility.least_purchases, "purchase"));
  }
  return snapshot;
}

std::vector<Snapshot> take_snapshots(const EventLog& log, std::vector<std::int64_t> cutoffs,
                                     const Windows& windows, const Eligibility& eligibility) {
  if (cutoffs.empty()) fail<DataError>("no cut-off is given");
  std::sort(cutoffs.begin(), cutoffs.end());
  const auto twice = std::adjacent_find(cutoffs.begin(), cutoffs.end());
  if (twice != cutoffs.end()) {
    fail<DataError>("the cut-off {} is given twice", format_timestamp(*twice));
  }
  std::vector<Snapshot> snapshots;
  for (const std::int64_t cutoff : cutoffs) {
    snapshots.push_back(take_snapshot(log, cutoff, windows, eligibility));
  }
  return snapshots;
}

}  // namespace ebb::preprocessing
