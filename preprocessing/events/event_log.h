// A log of customers' events, in memory, each customer's in order of time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/csv/csv_options.h"
#include "preprocessing/table/table.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {

/// Which columns of a table say what about an event; names that are empty: none does.
struct EventColumns {
  std::string customer;
  std::string time;
  TimeFormat time_format;
  std::string value;     ///< money, such as the amount or the price
  std::string quantity;  ///< multiplies the value
  std::string invoice;   ///< events of one invoice are one order
  std::string item;      ///< what was bought
  std::string type;      ///< what happened: tells purchases from other events
  /// Types that are purchases. Empty: every event is one, unless it is a return.
  std::vector<std::string> purchase_types;
  /// An event whose invoice begins so is a return, and no purchase. Empty: there are none.
  std::string return_prefix;
  /// Columns whose values events are counted by (features.h), as texts.
  std::vector<std::string> categories;

  /// How a file has to be read for this: these columns alone, value and quantity as numbers, the
  /// rest as texts or integers. Throws DataError for a rule that lacks its column, and for a number
  /// that is also asked for as a text.
  [[nodiscard]] CsvOptions reading(std::optional<char> delimiter) const;
};

/// What a column says of each event, as a code.
struct EventCodes {
  std::string name;
  std::vector<std::int32_t> codes;  ///< kMissingCode where missing; none without such a column
  std::vector<std::string> levels;  ///< what each code stands for
  [[nodiscard]] bool is_there() const { return !codes.empty(); }
};

/// What an event counts as.
enum class EventKind : std::uint8_t { other, purchase, returned };

/// Events by customer and, for each, by time; of equal times in the order of the table.
/// Customers are numbered in ascending order of their integers or texts (by bytes).
class EventLog {
 public:
  /// Why rows of the table are no events.
  struct LeftOut {
    std::size_t without_customer = 0;
    std::size_t without_time = 0;  ///< of those with a customer
    [[nodiscard]] std::size_t total() const { return without_customer + without_time; }
  };

  /// Cost: linear in rows, plus sorting of the distinct texts or integers of a column and of
  /// customers whose events are not in order of time. About 40 bytes for each event.
  /// Throws DataError for an unknown column, a time that is none (with its line), a value or
  /// quantity column that holds no numbers, a product of them that is not finite (with its line), a
  /// purchase type that does not occur, and if no row is an event.
  EventLog(const Table& table, const EventColumns& columns);

  [[nodiscard]] std::size_t events() const { return times_.size(); }
  [[nodiscard]] std::size_t customers() const { return bounds_.size() - 1; }
  /// Events [first(c), first(c + 1)) are those of customer c.
  [[nodiscard]] std::size_t first(std::size_t customer) const { return bounds_[customer]; }
  /// The customers of the given numbers as a column of the table's name.
  [[nodiscard]] Column customer_column(std::span<const std::uint32_t> customers) const;
  [[nodiscard]] const std::string& customer_column_name() const { return customers_.name; }
  [[nodiscard]] std::string customer_name(std::size_t customer) const;

  [[nodiscard]] std::span<const std::int64_t> times() const { return times_; }
  [[nodiscard]] std::span<const EventKind> kinds() const { return kinds_; }
  /// Money of each event, NaN where missing; none without a column for it.
  [[nodiscard]] std::span<const double> values() const { return values_; }
  [[nodiscard]] const EventCodes& invoices() const { return invoices_; }
  [[nodiscard]] const EventCodes& items() const { return items_; }
  [[nodiscard]] const std::vector<EventCodes>& categories() const { return categories_; }
  [[nodiscard]] bool has_returns() const { return has_returns_; }

  [[nodiscard]] const LeftOut& left_out() const { return left_out_; }
  [[nodiscard]] std::int64_t first_time() const { return first_time_; }
  [[nodiscard]] std::int64_t last_time() const { return last_time_; }
  /// The first moment of which the log knows nothing: behind the last event or, where every time is
  /// a midnight, so that times are whole days, behind the last event's day.
  [[nodiscard]] std::int64_t end() const { return end_; }
  /// The row of the table that event `event` comes from.
  [[nodiscard]] std::size_t row(std::size_t event) const { return rows_[event]; }
  /// The events of a customer in [from, to).
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  [[nodiscard]] Range between(std::size_t customer, std::int64_t from, std::int64_t to) const;
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  void sort(const std::vector<std::int32_t>& customers, const std::vector<std::int64_t>& times);
  void note_span();
  void read_values(const Table& table, const EventColumns& columns);
  void read_kinds(const Table& table, const EventColumns& columns);
  [[nodiscard]] EventCodes read_codes(const Table& table, const std::string& name) const;

  std::string source_;
  Column customers_;  // one row for each
  std::vector<std::size_t> bounds_;
  std::vector<std::size_t> rows_;
  std::vector<std::int64_t> times_;
  std::vector<EventKind> kinds_;
  std::vector<double> values_;
  EventCodes invoices_;
  EventCodes items_;
  std::vector<EventCodes> categories_;
  LeftOut left_out_;
  std::int64_t first_time_ = 0;
  std::int64_t last_time_ = 0;
  std::int64_t end_ = 0;
  bool has_returns_ = false;
};

}  // namespace ebb::preprocessing
