#include "preprocessing/events/orders.h"

#include <algorithm>
#include <cmath>

#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

std::int64_t order_of(const EventLog& log, std::size_t event) {
  const EventCodes& invoices = log.invoices();
  const bool has_invoice = invoices.is_there() && invoices.codes[event] != kMissingCode;
  return has_invoice ? 2 * std::int64_t{invoices.codes[event]} : 2 * day_of(log.times()[event]) + 1;
}

}  // namespace

std::span<const Order> OrderGrouping::group(const EventLog& log, const EventLog::Range& range,
                                            EventKind kind) {
  lines_.clear();
  orders_.clear();
  for (std::size_t event = range.begin; event < range.end; ++event) {
    if (log.kinds()[event] == kind) lines_.push_back({order_of(log, event), event});
  }
  std::sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) {
    return a.order != b.order ? a.order < b.order : a.event < b.event;
  });
  for (std::size_t i = 0; i < lines_.size();) {
    Order order{.key = lines_[i].order, .time = log.times()[lines_[i].event]};
    items_.clear();
    for (; i < lines_.size() && lines_[i].order == order.key; ++i) {
      const std::size_t event = lines_[i].event;
      if (!log.values().empty() && !std::isnan(log.values()[event])) {
        order.money += log.values()[event];
      }
      if (log.items().is_there()) items_.push_back(log.items().codes[event]);
    }
    order.items = count_distinct_codes(items_);
    orders_.push_back(order);
  }
  std::sort(orders_.begin(), orders_.end(), [](const Order& a, const Order& b) {
    return a.time != b.time ? a.time < b.time : a.key < b.key;
  });
  return orders_;
}

std::size_t count_distinct_codes(std::vector<std::int32_t>& codes) {
  std::erase(codes, kMissingCode);
  std::sort(codes.begin(), codes.end());
  return static_cast<std::size_t>(std::unique(codes.begin(), codes.end()) - codes.begin());
}

}  // namespace ebb::preprocessing
