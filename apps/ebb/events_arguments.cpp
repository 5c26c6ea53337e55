#include "apps/ebb/events_arguments.h"

#include <algorithm>
#include <limits>

#include <CLI/CLI.hpp>

#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/threads_option.h"
#include "apps/ebb/usage.h"
#include "preprocessing/time/duration.h"
#include "preprocessing/time/time_format.h"

namespace ebb::program {
namespace {

using preprocessing::parse_duration;

constexpr const char* kEventsFooter = R"(Examples:
  ebb events --data orders.csv --customer user_id --time ordered_at --value amount \
      --cutoff 2024-06-30 --window 90d --out customers.csv
      a customer who buys nothing in the 90 days from 2024-06-30 on has left (churn = 1)
  ebb events --data orders.csv ... --cutoff 2024-03-31,2024-06-30 --window 90d --gap 7d --out customers.csv
      a row for each customer and cut-off; a week passes before one can act
  ebb events --data log.csv ... --type event --purchase-types buy --cutoff 2024-06-30 --window 90d ...
      only events of type buy are purchases; the others are counted as features
  ebb events --data log.jsonl.gz --customer user --time at --cutoff 2024-06-30 --window 90d ...
      JSON lines: {"user": 7, "at": "2024-01-31", "amount": 9.5} on each
  ebb events --data orders.csv ... --cutoff 2024-10-01 --out now.csv
      without --window no label: a table for ebb predict

Features see what lies before the cut-off; an event at the cut-off belongs to the future. Then
  ebb train --data customers.csv --target churn --id-column user_id --out model/
docs/events.md defines every feature.)";

std::int64_t parse_cutoff(std::string_view text) {
  if (const auto time = preprocessing::parse_iso8601(text)) return *time;
  fail<DataError>("\"{}\" is not a date: write it as 2024-06-30, or 2024-06-30T12:00:00",
                  shortened(text));
}

void declare_log(CLI::App& command, EventsArguments& to) {
  const auto column = [&](const char* option, std::string& name, const char* text) {
    return command.add_option(option, name, text)->type_name("COLUMN")->group("Log");
  };
  command
      .add_option(
          "--data", to.data,
          "The log, a row per event: CSV, TSV or JSON lines, plain, .gz, .xz or .zst; - for stdin")
      ->type_name("FILE")
      ->required()
      ->group("Log");
  command
      .add_option(
          "--format", to.format,
          "csv, or jsonl for an object on each line, whose keys are the columns (jsonl if "
          "the file's name ends with .jsonl or .ndjson, also before .gz, .xz or .zst; else csv)")
      ->check(one_of({"csv", "jsonl"}))
      ->type_name("NAME")
      ->group("Log");
  declare_delimiter(command, to.delimiter)->group("Log");
  column("--customer", to.columns.customer, "Who: a number or a text")->required();
  column("--time", to.columns.time, "When")->required();
  command
      .add_option(
          "--time-format", to.time_format,
          "How times are spelled: iso, seconds, milliseconds or microseconds since 1970, or "
          "a pattern such as %d/%m/%Y %H:%M (iso)")
      ->check(parsed_by([](const std::string& text) { return preprocessing::TimeFormat(text); }))
      ->type_name("FORMAT")
      ->group("Log");
  column("--value", to.columns.value, "Money of an event, or the price of one piece");
  column("--quantity", to.columns.quantity, "Pieces: money is --quantity times --value");
  column("--invoice", to.columns.invoice,
         "Its events are one order (without: a customer's purchases of one day are)");
  column("--item", to.columns.item, "What was bought");
  column("--type", to.columns.type, "What happened, where not all events are purchases");
  command.add_option("--purchase-types", to.columns.purchase_types, "The types that are purchases")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B")
      ->group("Log");
  command
      .add_option("--return-prefix", to.columns.return_prefix,
                  "Invoices that begin so are returns, no purchases")
      ->type_name("TEXT")
      ->group("Log");
}

void declare_windows(CLI::App& command, EventsArguments& to) {
  const auto duration = [&](const char* option, std::string& text, const char* description) {
    return command.add_option(option, text, description)
        ->check(parsed_by(parse_duration))
        ->type_name("TIME");
  };
  command
      .add_option("--cutoff", to.cutoffs,
                  "Between past and future, UTC; several give a row per customer and cut-off")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(parsed_by(parse_cutoff))
      ->type_name("DATE,DATE")
      ->required()
      ->group("Windows");
  duration("--window", to.window,
           "Who buys nothing in this time has left: 91d, 12w, 36h (without: no label)")
      ->group("Windows");
  duration("--gap", to.gap, "From the cut-off to the begin of that time (0d)")->group("Windows");
  duration("--observe", to.observe, "How far back features see (to the begin of the log)")
      ->group("Windows");
  command
      .add_option("--min-purchases", to.least_purchases,
                  "Customers count from so many purchases before the cut-off on (1)")
      ->transform(within<std::int64_t>(1, 1'000'000'000))
      ->type_name("N")
      ->group("Customers");
  duration("--active-within", to.active_within,
           "Customers count if their last purchase is at most so long ago")
      ->group("Customers");
  duration("--customer-since", to.customer_since,
           "Customers count if their first purchase is at least so long ago")
      ->group("Customers");
}

void declare_features(CLI::App& command, EventsArguments& to) {
  command
      .add_option("--recent", to.recent,
                  "Orders and money are counted in these last times too (30d,60d,90d)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(parsed_by(parse_duration))
      ->type_name("TIME,TIME")
      ->group("Features");
  command
      .add_option("--count-by", to.count_by,
                  "Events are counted by the values of this column, the most frequent or those "
                  "given; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COLUMN[=A,B]")
      ->group("Features");
  command.add_option("--levels", to.levels, "How many values --count-by and --type take (8)")
      ->transform(within<std::int64_t>(1, 1000))
      ->type_name("N")
      ->group("Features");
}

preprocessing::TextFormat format_of(const std::string& name) {
  if (name.empty()) return preprocessing::TextFormat::by_name;
  return name == "csv" ? preprocessing::TextFormat::csv : preprocessing::TextFormat::json_lines;
}

std::optional<std::int64_t> duration_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return parse_duration(text);
}

/// "COLUMN=A,B": the levels; "COLUMN": none.
preprocessing::CountedLevels counted_of(const std::string& text) {
  const std::size_t sign = text.find('=');
  preprocessing::CountedLevels counted{text.substr(0, sign), {}};
  if (sign == std::string::npos) return counted;
  std::size_t begin = sign + 1;
  for (std::size_t end = begin; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    if (end == begin) {
      fail<UsageError>("--count-by {}: a value is empty: write COLUMN=A,B", text);
    }
    counted.levels.push_back(text.substr(begin, end - begin));
  }
  return counted;
}

void require(bool is_given, bool is_needed, const char* option, const char* needed) {
  if (is_given && !is_needed) fail<UsageError>("{} needs {}", option, needed);
}

}  // namespace

void declare_events_options(CLI::App& command, EventsArguments& arguments) {
  command.footer(kEventsFooter);
  declare_log(command, arguments);
  declare_windows(command, arguments);
  declare_features(command, arguments);
  command.add_option("--out", arguments.out, "Customer table, CSV; - for the screen")
      ->type_name("FILE")
      ->required()
      ->group("Run");
  declare_threads(command, arguments.threads)->group("Run");
}

EventsPlan read_arguments(const EventsArguments& arguments) {
  const preprocessing::EventColumns& given = arguments.columns;
  require(!given.quantity.empty(), !given.value.empty(), "--quantity", "--value, the price");
  require(!given.purchase_types.empty(), !given.type.empty(), "--purchase-types", "--type");
  require(!given.return_prefix.empty(), !given.invoice.empty(), "--return-prefix", "--invoice");
  require(arguments.gap != "0d", !arguments.window.empty(), "--gap", "--window");
  if (arguments.format == "jsonl" && !arguments.delimiter.empty()) {
    fail<UsageError>("ebb events: --delimiter has no effect with --format jsonl");
  }
  EventsPlan plan;
  plan.columns = given;
  plan.columns.time_format = preprocessing::TimeFormat(arguments.time_format);
  plan.format = format_of(arguments.format);
  plan.delimiter = delimiter_of(arguments.delimiter);
  for (const std::string& text : arguments.cutoffs) plan.cutoffs.push_back(parse_cutoff(text));
  std::sort(plan.cutoffs.begin(), plan.cutoffs.end());
  plan.windows = {.observe = duration_of(arguments.observe),
                  .gap = parse_duration(arguments.gap),
                  .prediction = duration_of(arguments.window)};
  plan.eligibility = {.least_purchases = arguments.least_purchases,
                      .active_within = duration_of(arguments.active_within),
                      .customer_since = duration_of(arguments.customer_since)};
  for (const std::string& text : arguments.recent) plan.recent.push_back(parse_duration(text));
  for (const std::string& text : arguments.count_by) plan.counted.push_back(counted_of(text));
  const auto is_type = [&](const auto& counted) { return counted.column == given.type; };
  if (!given.type.empty() && std::none_of(plan.counted.begin(), plan.counted.end(), is_type)) {
    plan.counted.push_back({given.type, {}});
  }
  for (const auto& counted : plan.counted) plan.columns.categories.push_back(counted.column);
  return plan;
}

}  // namespace ebb::program
