// ebb events: a log of events becomes a table of customers with a churn label.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/events_arguments.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/output.h"
#include "apps/ebb/shell.h"
#include "kernels/common/context.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/csv/csv_table.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::program {
namespace {

using preprocessing::EventKind;
using preprocessing::EventLog;
using preprocessing::Snapshot;

constexpr std::size_t kRowsPerWrite = 65536;

preprocessing::FeaturePlan feature_plan(const EventLog& log, const EventsPlan& plan,
                                        std::size_t levels) {
  preprocessing::FeaturePlan features;
  features.recent = plan.recent;
  for (const preprocessing::CountedLevels& counted : plan.counted) {
    // What the first cut-off did not know yet must not choose features for it.
    features.counted.push_back(
        counted.levels.empty() ? frequent_levels(log, counted.column, plan.cutoffs.front(), levels)
                               : counted);
  }
  return features;
}

void print_log(std::FILE* stream, const EventLog& log, std::size_t rows) {
  std::size_t purchases = 0;
  std::size_t returns = 0;
  for (const EventKind kind : log.kinds()) {
    purchases += kind == EventKind::purchase ? 1 : 0;
    returns += kind == EventKind::returned ? 1 : 0;
  }
  fmt::print(stream, "read        {}: {}, {} to {}\n", churn::printable(log.source()),
             churn::format_counted(rows, "row"), preprocessing::format_timestamp(log.first_time()),
             preprocessing::format_timestamp(log.last_time()));
  if (log.left_out().total() > 0) {
    fmt::print(stream, "left out    {} without a customer, {} without a time\n",
               churn::format_count(log.left_out().without_customer),
               churn::format_count(log.left_out().without_time));
  }
  fmt::print(stream, "events      {} of {}: {}, {}, {}\n", churn::format_count(log.events()),
             churn::format_counted(log.customers(), "customer"),
             churn::format_counted(purchases, "purchase"), churn::format_counted(returns, "return"),
             churn::format_counted(log.events() - purchases - returns, "other"));
  std::size_t without_value = 0;
  for (const double value : log.values()) without_value += std::isnan(value) ? 1 : 0;
  if (without_value > 0) {
    fmt::print(stream, "money       {} without, which {} nothing to sums\n",
               churn::format_counted(without_value, "event"),
               preprocessing::noun_for(without_value, "adds", "add"));
  }
  if (log.has_returns() && returns == 0) warn("no invoice begins with the return prefix");
}

void print_snapshots(std::FILE* stream, const std::vector<Snapshot>& snapshots,
                     const preprocessing::Windows& windows) {
  std::vector<std::string> header = {"cut-off", "customers"};
  if (windows.prediction) header.insert(header.end(), {"churn", "no purchase from", "to before"});
  churn::TextTable table(header);
  for (const Snapshot& snapshot : snapshots) {
    std::vector<std::string> row = {preprocessing::format_timestamp(snapshot.cutoff),
                                    churn::format_count(snapshot.customers.size())};
    if (windows.prediction) {
      row.push_back(fmt::format("{:.1f} %", 100.0 * snapshot.churn_rate()));
      row.push_back(preprocessing::format_timestamp(windows.prediction_begin(snapshot.cutoff)));
      row.push_back(preprocessing::format_timestamp(windows.prediction_end(snapshot.cutoff)));
    }
    table.add(std::move(row));
  }
  fmt::print(stream, "\n{}\n", table.to_text());
}

/// So that a table made later has the same features.
void print_counted(std::FILE* stream, const preprocessing::FeaturePlan& features) {
  for (const preprocessing::CountedLevels& counted : features.counted) {
    fmt::print(stream, "counted by  {} (the same later: --count-by '{}={}')\n",
               churn::printable(counted.column), churn::printable(counted.column),
               churn::printable(fmt::format("{}", fmt::join(counted.levels, ","))));
  }
}

void print_result(std::FILE* stream, const EventsArguments& arguments,
                  const preprocessing::Table& table, std::size_t snapshots) {
  const bool has_labels = table.find("churn") != nullptr;
  fmt::print(stream, "written     {}: {}, {}{}\n", churn::printable(arguments.out),
             churn::format_counted(table.rows(), "row"),
             churn::format_counted(table.columns().size() - (has_labels ? 3 : 2), "feature"),
             has_labels ? "" : ", no label");
  if (!has_labels) return;
  const std::string customer = table.names().front();
  std::vector<std::string> command = {"ebb",      "train", "--data",      arguments.out,
                                      "--target", "churn", "--id-column", customer};
  // The rows of a customer are much alike: those to measure on must be other customers'.
  if (snapshots > 1)
    command.insert(command.end(), {"--split-group", customer, "--drop-columns", "cutoff"});
  command.emplace_back("--out");
  command.emplace_back("model/");
  fmt::print(stream, "train with  {}\n", churn::printable(shell_quoted(command)));
}

void warn_of_one_class(const std::vector<Snapshot>& snapshots) {
  for (const Snapshot& snapshot : snapshots) {
    if (snapshot.labels.empty()) return;
    const double rate = snapshot.churn_rate();
    if (rate > 0.0 && rate < 1.0) continue;
    warn(
        fmt::format("at the cut-off {} {} customer leaves: there is nothing to tell apart; try "
                    "another --window",
                    preprocessing::format_timestamp(snapshot.cutoff), rate > 0.0 ? "every" : "no"));
  }
}

ExitCode write_customers(const EventsArguments& arguments, const EventsPlan& plan,
                         const InterruptGuard& interrupt) {
  Output output(arguments.out);
  set_default_threads(arguments.threads);
  preprocessing::CsvOptions reading = plan.columns.reading(plan.delimiter);
  reading.format = plan.format;
  std::optional<preprocessing::Table> rows = preprocessing::read_csv(arguments.data, reading);
  interrupt.stop_here();
  const EventLog log(*rows, plan.columns);
  const std::size_t row_count = rows->rows();
  rows.reset();
  const std::vector<Snapshot> snapshots =
      take_snapshots(log, plan.cutoffs, plan.windows, plan.eligibility);
  const preprocessing::FeaturePlan features = feature_plan(log, plan, arguments.levels);
  interrupt.stop_here();
  const preprocessing::Table table = customer_table(log, snapshots, plan.windows, features);
  output.write(csv_header(table));
  for (std::size_t row = 0; row < table.rows(); row += kRowsPerWrite) {
    interrupt.stop_here();
    output.write(csv_rows(table, row, std::min(table.rows(), row + kRowsPerWrite)));
  }
  // Ctrl-C also ends what feeds a pipe, and then looks like the end of the log.
  interrupt.stop_here();
  output.commit();
  std::FILE* stream = arguments.out == kStandardOutput ? stderr : stdout;
  print_log(stream, log, row_count);
  print_snapshots(stream, snapshots, plan.windows);
  print_counted(stream, features);
  print_result(stream, arguments, table, snapshots.size());
  warn_of_one_class(snapshots);
  return ExitCode::ok;
}

ExitCode make_customers(const EventsArguments& arguments) {
  const EventsPlan plan = read_arguments(arguments);
  refuse_other_format("--out", arguments.out);
  refuse_replacing("--out", arguments.out, {arguments.data});
  return write_unless_interrupted(arguments.out, [&](const InterruptGuard& interrupt) {
    return write_customers(arguments, plan, interrupt);
  });
}

}  // namespace

void add_events(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("events", "Make a customer table from a log of events");
  auto arguments = std::make_shared<EventsArguments>();
  declare_events_options(*command, *arguments);
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return make_customers(*arguments); }; });
}

}  // namespace ebb::program
