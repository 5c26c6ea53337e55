// The list of features (features.h), written once: walked with an empty past it gives the names.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/common/error.h"
#include "preprocessing/events/event_log.h"
#include "preprocessing/events/features.h"
#include "preprocessing/events/orders.h"
#include "preprocessing/time/duration.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {

/// What is known of one customer before the cut-off.
struct CustomerPast {
  std::int64_t cutoff = 0;
  EventLog::Range range;
  std::span<const Order> orders;
  std::span<const Order> returns;
  std::size_t purchase_lines = 0;
  std::size_t items = 0;                        ///< distinct
  std::span<const std::size_t> counted_events;  ///< for each column its levels, then the others
};

inline double in_days(std::int64_t length) {
  return static_cast<double>(length) / static_cast<double>(kMicrosecondsPerDay);
}

/// Orders in a part of the past.
struct RecentOrders {
  double orders = 0.0;
  double money = 0.0;
};

inline RecentOrders orders_between(std::span<const Order> orders, std::int64_t from,
                                   std::int64_t to) {
  RecentOrders recent;
  for (const Order& order : orders) {
    if (order.time < from || order.time >= to) continue;
    recent.orders += 1.0;
    recent.money += order.money;
  }
  return recent;
}

/// The population standard deviation of value(0) to value(count - 1), by two passes, scaled so that
/// squares of large numbers stay finite. Missing for fewer than two.
template <class Value>
double deviation(std::size_t count, double mean, Value value) {
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  double largest = 0.0;
  for (std::size_t i = 0; i < count; ++i) largest = std::fmax(largest, std::abs(value(i) - mean));
  if (largest == 0.0) return 0.0;
  double squares = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const double scaled = (value(i) - mean) / largest;
    squares += scaled * scaled;
  }
  return largest * std::sqrt(squares / static_cast<double>(count));
}

/// Calls sink.put(name, value) for each feature, in order; a name is a text, or a function that
/// makes one.
template <class Sink>
class FeatureWalk {
 public:
  FeatureWalk(const EventLog& log, const FeaturePlan& plan, const CustomerPast& past, Sink& sink)
      : log_(log),
        plan_(plan),
        past_(past),
        sink_(sink),
        orders_(static_cast<double>(past.orders.size())) {}

  void walk() {
    if (past_.orders.empty()) {
      put_times(past_.cutoff, past_.cutoff);
    } else {
      put_times(past_.orders.front().time, past_.orders.back().time);
    }
    if (has_money()) put_money();
    if (log_.items().is_there()) put_items();
    for (const std::int64_t length : plan_.recent) put_recent(length);
    if (log_.has_returns()) put_returns();
    put_weekdays();
    put_counted();
  }

 private:
  [[nodiscard]] bool has_money() const { return !log_.values().empty(); }

  void put_times(std::int64_t first, std::int64_t last) {
    sink_.put("recency_days", in_days(past_.cutoff - last));
    sink_.put("age_days", in_days(past_.cutoff - first));
    sink_.put("span_days", in_days(last - first));
    sink_.put("orders", orders_);
    sink_.put("repeat_orders", orders_ - 1.0);
    sink_.put("purchase_lines", static_cast<double>(past_.purchase_lines));
    const std::size_t gaps = past_.orders.empty() ? 0 : past_.orders.size() - 1;
    const double mean = in_days(last - first) / static_cast<double>(gaps);  // NaN without gaps
    sink_.put("gap_mean_days", mean);
    sink_.put("gap_deviation_days", deviation(gaps, mean, [&](std::size_t i) {
                return in_days(past_.orders[i + 1].time - past_.orders[i].time);
              }));
  }

  void put_money() {
    double total = 0.0;
    for (const Order& order : past_.orders) total += order.money;
    const double mean = total / orders_;
    sink_.put("money_total", total);
    sink_.put("money_per_order", mean);
    sink_.put("money_deviation", deviation(past_.orders.size(), mean,
                                           [&](std::size_t i) { return past_.orders[i].money; }));
  }

  void put_items() {
    double in_orders = 0.0;
    for (const Order& order : past_.orders) in_orders += static_cast<double>(order.items);
    sink_.put("items_distinct", static_cast<double>(past_.items));
    sink_.put("items_per_order", in_orders / orders_);
  }

  void put_recent(std::int64_t length) {
    const std::int64_t from = past_.cutoff - length;
    const RecentOrders last = orders_between(past_.orders, from, past_.cutoff);
    const RecentOrders before = orders_between(past_.orders, from - length, from);
    const auto name = [length](std::string_view what) {
      return [=] { return fmt::format("{}_{}", what, format_duration(length)); };
    };
    sink_.put(name("orders_last"), last.orders);
    sink_.put(name("orders_change"), last.orders - before.orders);
    if (!has_money()) return;
    sink_.put(name("money_last"), last.money);
    sink_.put(name("money_change"), last.money - before.money);
  }

  void put_returns() {
    sink_.put("returns", static_cast<double>(past_.returns.size()));
    if (!has_money()) return;
    double money = 0.0;
    for (std::size_t i = past_.range.begin; i < past_.range.end; ++i) {
      if (log_.kinds()[i] != EventKind::returned || std::isnan(log_.values()[i])) continue;
      money += std::abs(log_.values()[i]);
    }
    sink_.put("money_returned", money);
  }

  void put_weekdays() {
    static constexpr std::array<std::string_view, 7> kNames = {
        "orders_on_monday", "orders_on_tuesday",  "orders_on_wednesday", "orders_on_thursday",
        "orders_on_friday", "orders_on_saturday", "orders_on_sunday"};
    std::array<double, 7> counts{};
    for (const Order& order : past_.orders) {
      counts[static_cast<std::size_t>(weekday_from_days(day_of(order.time)))] += 1.0;
    }
    for (std::size_t i = 0; i < counts.size(); ++i) sink_.put(kNames[i], counts[i]);
  }

  void put_counted() {
    std::size_t next = 0;
    for (const CountedLevels& counted : plan_.counted) {
      for (std::size_t i = 0; i <= counted.levels.size(); ++i) {
        const auto name = [&] {
          return fmt::format("events_{}_{}", counted.column,
                             i < counted.levels.size() ? counted.levels[i] : "other");
        };
        sink_.put(name, past_.counted_events.empty()
                            ? 0.0
                            : static_cast<double>(past_.counted_events[next++]));
      }
    }
  }

  const EventLog& log_;
  const FeaturePlan& plan_;
  const CustomerPast& past_;
  Sink& sink_;
  double orders_;
};

}  // namespace ebb::preprocessing
