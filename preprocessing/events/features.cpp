#include "preprocessing/events/features.h"

#include <algorithm>
#include <type_traits>

#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/events/feature_values.h"
#include "preprocessing/events/level_counts.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kCustomersPerRange = 128;
constexpr std::size_t kWorkPerCustomer = 512;  // about, in cells

struct NameSink {
  std::vector<std::string> names;

  template <class Name>
  void put(const Name& name, double) {
    if constexpr (std::is_invocable_v<Name>) {
      names.push_back(name());
    } else {
      names.emplace_back(name);
    }
  }
};

/// Puts the values of one row into columns.
struct ValueSink {
  std::vector<std::vector<double>>& columns;
  std::size_t row;
  std::size_t next = 0;

  template <class Name>
  void put(const Name&, double value) {
    columns[next++][row] = value;
  }
};

const EventCodes& category(const EventLog& log, const std::string& column) {
  std::vector<std::string> names;
  for (const EventCodes& codes : log.categories()) {
    if (codes.name == column) return codes;
    names.push_back(codes.name);
  }
  fail<DataError>("{}: events cannot be counted by \"{}\".{}", log.source(), column,
                  suggest_names(column, names));
}

/// A column to count by, and for each of its codes which count it adds to.
struct Counter {
  const EventCodes* codes = nullptr;
  std::vector<std::size_t> place;
};

std::vector<Counter> counters_of(const EventLog& log, const FeaturePlan& plan,
                                 std::size_t& places) {
  std::vector<Counter> counters;
  places = 0;
  for (const CountedLevels& counted : plan.counted) {
    const EventCodes& codes = category(log, counted.column);
    Counter counter{&codes, std::vector<std::size_t>(codes.levels.size())};
    for (std::size_t code = 0; code < codes.levels.size(); ++code) {
      const auto at = std::find(counted.levels.begin(), counted.levels.end(), codes.levels[code]);
      counter.place[code] = places + static_cast<std::size_t>(at - counted.levels.begin());
    }
    places += counted.levels.size() + 1;
    counters.push_back(std::move(counter));
  }
  return counters;
}

/// Describes customers one after another, in the same room.
class PastReader {
 public:
  PastReader(const EventLog& log, const std::vector<Counter>& counters, std::size_t places)
      : log_(log), counters_(counters), counts_(places) {}

  CustomerPast read(std::size_t customer, const Windows& windows, std::int64_t cutoff) {
    CustomerPast past;
    past.cutoff = cutoff;
    past.range = log_.between(customer, windows.observation_begin(cutoff), cutoff);
    past.orders = orders_.group(log_, past.range, EventKind::purchase);
    if (log_.has_returns()) past.returns = returns_.group(log_, past.range, EventKind::returned);
    check_money(customer, past.range);
    items_.clear();
    std::fill(counts_.begin(), counts_.end(), std::size_t{0});
    for (std::size_t i = past.range.begin; i < past.range.end; ++i) {
      if (log_.kinds()[i] == EventKind::purchase) {
        ++past.purchase_lines;
        if (log_.items().is_there()) items_.push_back(log_.items().codes[i]);
      }
      for (const Counter& counter : counters_) {
        const std::int32_t code = counter.codes->codes[i];
        if (code != kMissingCode) ++counts_[counter.place[static_cast<std::size_t>(code)]];
      }
    }
    past.items = count_distinct_codes(items_);
    past.counted_events = counts_;
    return past;
  }

 private:
  /// If the sizes add up to a number, so does every sum and difference of them.
  void check_money(std::size_t customer, const EventLog::Range& range) const {
    if (log_.values().empty()) return;
    double sizes = 0.0;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      if (!std::isnan(log_.values()[i])) sizes += std::abs(log_.values()[i]);
    }
    if (std::isinf(sizes)) {
      fail<DataError>(
          "{}: the money of customer \"{}\" adds up to more than the largest number: "
          "correct the values",
          log_.source(), shortened(log_.customer_name(customer)));
    }
  }

  const EventLog& log_;
  const std::vector<Counter>& counters_;
  OrderGrouping orders_;
  OrderGrouping returns_;
  std::vector<std::int32_t> items_;
  std::vector<std::size_t> counts_;
};

void check_plan(const FeaturePlan& plan) {
  for (std::size_t i = 0; i < plan.recent.size(); ++i) {
    if (plan.recent[i] <= 0)
      fail<DataError>("a recent window has no length: give it a day or more");
    const auto before = plan.recent.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(plan.recent.begin(), before, plan.recent[i]) != before) {
      fail<DataError>("the recent window {} is given twice", format_duration(plan.recent[i]));
    }
  }
}

/// Columns are named after the log's columns and values, so two may meet.
void check_names(const std::string& source, const std::string& customer,
                 const std::vector<std::string>& features) {
  std::vector<std::string> names = features;
  names.emplace_back("cutoff");
  names.emplace_back("churn");
  if (contains(names, customer)) {
    fail<DataError>(
        "{}: the column of customers is called \"{}\", as a column of the customer table is: "
        "rename it in the log, say to customer_id",
        source, customer);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  fail<DataError>(
      "{}: two columns of the customer table would be called \"{}\": rename a column that events "
      "are counted by",
      source, *twice);
}

}  // namespace

CountedLevels frequent_levels(const EventLog& log, const std::string& column, std::int64_t cutoff,
                              std::size_t most) {
  const EventCodes& codes = category(log, column);
  CountedLevels counted{column, {}};
  for (LevelCount& count : count_levels(log, codes, cutoff)) {
    if (counted.levels.size() == most) break;
    if (count.level != "other") counted.levels.push_back(std::move(count.level));
  }
  return counted;
}

std::vector<std::string> feature_names(const EventLog& log, const FeaturePlan& plan) {
  NameSink sink;
  FeatureWalk(log, plan, CustomerPast{}, sink).walk();
  return std::move(sink.names);
}

Table customer_table(const EventLog& log, std::span<const Snapshot> snapshots,
                     const Windows& windows, const FeaturePlan& plan) {
  check_plan(plan);
  std::size_t places = 0;
  const std::vector<Counter> counters = counters_of(log, plan, places);
  const std::vector<std::string> names = feature_names(log, plan);
  check_names(log.source(), log.customer_column_name(), names);
  std::vector<std::uint32_t> customers;
  std::vector<double> labels;
  Column cutoffs;
  cutoffs.name = "cutoff";
  cutoffs.kind = ColumnKind::category;
  for (const Snapshot& snapshot : snapshots) {
    customers.insert(customers.end(), snapshot.customers.begin(), snapshot.customers.end());
    labels.insert(labels.end(), snapshot.labels.begin(), snapshot.labels.end());
    cutoffs.codes.resize(customers.size(), static_cast<std::int32_t>(cutoffs.levels.size()));
    cutoffs.levels.push_back(format_timestamp(snapshot.cutoff));
  }
  std::vector<std::vector<double>> features(names.size());
  for (std::vector<double>& column : features) column.resize(customers.size());
  std::size_t first_row = 0;
  for (const Snapshot& snapshot : snapshots) {
    parallel_ranges(snapshot.customers.size(), kWorkPerCustomer, kCustomersPerRange,
                    [&](std::size_t begin, std::size_t end) {
                      PastReader reader(log, counters, places);
                      for (std::size_t i = begin; i < end; ++i) {
                        const CustomerPast past =
                            reader.read(snapshot.customers[i], windows, snapshot.cutoff);
                        ValueSink sink{features, first_row + i};
                        FeatureWalk(log, plan, past, sink).walk();
                      }
                    });
    first_row += snapshot.customers.size();
  }
  Table table(log.source(), {});
  table.add(log.customer_column(customers));
  table.add(std::move(cutoffs));
  for (std::size_t i = 0; i < names.size(); ++i) {
    table.add(number_column(names[i], std::move(features[i])));
  }
  if (!labels.empty()) table.add(number_column("churn", std::move(labels)));
  return table;
}

}  // namespace ebb::preprocessing
