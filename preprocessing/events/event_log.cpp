#include "preprocessing/events/event_log.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/events/column_codes.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kEventsPerRange = 16384;
constexpr std::size_t kCustomersPerSort = 256;
constexpr std::size_t kSortWorkPerCustomer = 64;  // about, in cells

/// values[rows[i]] for every i.
template <class T>
std::vector<T> gathered(const std::vector<T>& values, const std::vector<std::size_t>& rows) {
  std::vector<T> result(rows.size());
  parallel_ranges(rows.size(), 2, kEventsPerRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) result[i] = values[rows[i]];
  });
  return result;
}

const std::vector<double>& numbers_of(const Table& table, const std::string& name) {
  const Column& column = table.column(name);
  if (!column.is_number()) {
    fail<DataError>("{}: column \"{}\" is to be money or a quantity, and holds texts",
                    table.source(), name);
  }
  return column.numbers;
}

/// For each code of a column, whether it is one that `is_wanted`.
template <class IsWanted>
std::vector<bool> flags_of(const std::vector<std::string>& levels, IsWanted is_wanted) {
  std::vector<bool> flags(levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) flags[i] = is_wanted(levels[i]);
  return flags;
}

void check_types(const std::vector<std::string>& wanted, const std::vector<std::string>& levels,
                 const std::string& source, const std::string& column) {
  for (const std::string& type : wanted) {
    if (contains(levels, type)) continue;
    fail<DataError>("{}: column \"{}\" has no type \"{}\", which is to be a purchase.{}", source,
                    column, type, suggest_names(type, levels));
  }
}

}  // namespace

CsvOptions EventColumns::reading(std::optional<char> delimiter) const {
  if (!quantity.empty() && value.empty()) {
    fail<DataError>("a quantity column needs a value column: money is quantity times value");
  }
  if (!return_prefix.empty() && invoice.empty()) {
    fail<DataError>("a return prefix needs an invoice column, whose returns begin with it");
  }
  if (!purchase_types.empty() && type.empty()) {
    fail<DataError>("purchase types need a type column");
  }
  CsvOptions options;
  options.delimiter = delimiter;
  options.undeclared = UndeclaredColumns::ignore;
  options.text_among_numbers = TextAmongNumbers::refuse_fixed;
  const auto declare = [&](const std::string& name, DeclaredKind kind) {
    if (name.empty()) return;
    for (ColumnDeclaration& declared : options.columns) {
      if (declared.name != name) continue;
      if ((declared.kind == DeclaredKind::number) != (kind == DeclaredKind::number)) {
        fail<DataError>("column \"{}\" cannot be a number and a text at once", name);
      }
      if (kind == DeclaredKind::category) declared.kind = kind;
      return;
    }
    options.columns.push_back({name, kind});
  };
  for (const std::string* name : {&customer, &time, &invoice, &item}) {
    declare(*name, DeclaredKind::identifier);  // integers where all are, else texts
  }
  declare(value, DeclaredKind::number);
  declare(quantity, DeclaredKind::number);
  declare(type, DeclaredKind::category);
  for (const std::string& name : categories) declare(name, DeclaredKind::category);
  return options;
}

EventLog::EventLog(const Table& table, const EventColumns& columns) : source_(table.source()) {
  const Column& column = table.column(columns.customer);
  const std::vector<std::int64_t> times = timestamps_of(table, columns.time, columns.time_format);
  ColumnCodes customers = ordered_codes_of(column, times);
  customers_.name = columns.customer;
  customers_.kind = ColumnKind::identifier;
  bounds_.assign(customers.size() + 1, 0);
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (column.is_missing(row)) {
      ++left_out_.without_customer;
    } else if (times[row] == kMissingInteger) {
      ++left_out_.without_time;
    } else {
      ++bounds_[static_cast<std::size_t>(customers.codes[row]) + 1];
    }
  }
  if (left_out_.total() == table.rows()) {
    fail<DataError>(
        "{}: there are no events: none of the {} rows has a customer (\"{}\") and a "
        "time (\"{}\")",
        source_, table.rows(), columns.customer, columns.time);
  }
  customers_.integers = std::move(customers.integers);
  customers_.levels = std::move(customers.levels);
  sort(customers.codes, times);
  note_span();
  if (!columns.value.empty()) read_values(table, columns);
  if (!columns.invoice.empty()) invoices_ = read_codes(table, columns.invoice);
  if (!columns.item.empty()) items_ = read_codes(table, columns.item);
  for (const std::string& name : columns.categories) {
    categories_.push_back(read_codes(table, name));
  }
  read_kinds(table, columns);
}

/// By customer, counting; then each customer's by time, where they are not so already.
void EventLog::sort(const std::vector<std::int32_t>& customers,
                    const std::vector<std::int64_t>& times) {
  std::partial_sum(bounds_.begin(), bounds_.end(), bounds_.begin());
  rows_.resize(bounds_.back());
  std::vector<std::size_t> next(bounds_.begin(), bounds_.end() - 1);
  for (std::size_t row = 0; row < customers.size(); ++row) {
    if (customers[row] == kMissingCode) continue;
    rows_[next[static_cast<std::size_t>(customers[row])]++] = row;
  }
  const auto is_earlier = [&](std::size_t a, std::size_t b) {
    return times[a] != times[b] ? times[a] < times[b] : a < b;  // a total order: any sort is stable
  };
  parallel_ranges(
      this->customers(), kSortWorkPerCustomer, kCustomersPerSort,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t customer = begin; customer < end; ++customer) {
          const auto from = rows_.begin() + static_cast<std::ptrdiff_t>(bounds_[customer]);
          const auto to = rows_.begin() + static_cast<std::ptrdiff_t>(bounds_[customer + 1]);
          if (!std::is_sorted(from, to, is_earlier)) std::sort(from, to, is_earlier);
        }
      });
  times_ = gathered(times, rows_);
}

void EventLog::note_span() {
  const auto [first, last] = std::minmax_element(times_.begin(), times_.end());
  first_time_ = *first;
  last_time_ = *last;
  const bool are_days = std::all_of(times_.begin(), times_.end(), [](std::int64_t time) {
    return time % kMicrosecondsPerDay == 0;
  });
  end_ = last_time_ + (are_days ? kMicrosecondsPerDay : 1);
}

void EventLog::read_values(const Table& table, const EventColumns& columns) {
  values_ = gathered(numbers_of(table, columns.value), rows_);
  if (columns.quantity.empty()) return;
  const std::vector<double>& quantities = numbers_of(table, columns.quantity);
  parallel_ranges(values_.size(), 2, kEventsPerRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      values_[i] *= quantities[rows_[i]];
      if (std::isinf(values_[i])) {
        fail<DataError>("{}: column \"{}\" times column \"{}\" is beyond the largest number",
                        table.where(rows_[i]), columns.quantity, columns.value);
      }
    }
  });
}

void EventLog::read_kinds(const Table& table, const EventColumns& columns) {
  kinds_.assign(events(), EventKind::purchase);
  if (!columns.purchase_types.empty()) {
    const EventCodes types = read_codes(table, columns.type);
    check_types(columns.purchase_types, types.levels, source_, columns.type);
    const std::vector<bool> is_purchase = flags_of(types.levels, [&](const std::string& level) {
      return contains(columns.purchase_types, level);
    });
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      const std::int32_t code = types.codes[i];
      if (code == kMissingCode || !is_purchase[static_cast<std::size_t>(code)]) {
        kinds_[i] = EventKind::other;
      }
    }
  }
  has_returns_ = !columns.return_prefix.empty();
  if (!has_returns_) return;
  const std::vector<bool> is_return = flags_of(invoices_.levels, [&](const std::string& level) {
    return level.starts_with(columns.return_prefix);
  });
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    const std::int32_t code = invoices_.codes[i];
    if (code != kMissingCode && is_return[static_cast<std::size_t>(code)]) {
      kinds_[i] = EventKind::returned;
    }
  }
}

EventCodes EventLog::read_codes(const Table& table, const std::string& name) const {
  ColumnCodes codes = codes_of(table.column(name));
  std::vector<std::string> spellings = codes.spellings();
  return {name, gathered(codes.codes, rows_), std::move(spellings)};
}

Column EventLog::customer_column(std::span<const std::uint32_t> customers) const {
  Column column;
  column.name = customers_.name;
  column.kind = ColumnKind::identifier;
  if (customers_.has_integers()) {
    for (const std::uint32_t customer : customers) {
      column.integers.push_back(customers_.integers[customer]);
    }
  } else {
    column.codes.assign(customers.begin(), customers.end());
    column.levels = customers_.levels;
  }
  return column;
}

std::string EventLog::customer_name(std::size_t customer) const {
  return customers_.has_integers() ? std::to_string(customers_.integers[customer])
                                   : customers_.levels[customer];
}

EventLog::Range EventLog::between(std::size_t customer, std::int64_t from, std::int64_t to) const {
  const auto position = [&](std::int64_t time) {
    return static_cast<std::size_t>(
        std::lower_bound(times_.begin() + static_cast<std::ptrdiff_t>(bounds_[customer]),
                         times_.begin() + static_cast<std::ptrdiff_t>(bounds_[customer + 1]),
                         time) -
        times_.begin());
  };
  const std::size_t begin = position(from);
  return {begin, std::max(begin, position(to))};
}

}  // namespace ebb::preprocessing
