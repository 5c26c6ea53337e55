// ebb audit: what is wrong with a customer table before a model is trained on it.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/drop_columns_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/audit/audit.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/csv/records.h"

namespace ebb::program {
namespace {

using churn::printable;
using preprocessing::AuditReport;
using preprocessing::DeclaredKind;
using preprocessing::Table;

constexpr const char* kAuditFooter = R"(Examples:
  ebb audit --data users.csv --target churn
  ebb audit --data users.csv --target churn --split-column part --json audit.json
  ebb audit --data 2023.csv --target churn --against 2024.csv
  ebb audit --data users.csv --target churn --label-date 2024-06-30

It looks for
  leak            a column that almost gives the label by itself: mostly filled in after the fact;
                  with --label-date a column with later dates
  identifier      columns that name rows
  duplicates      equal rows
  twins           rows that were made from others: by a constant added to a column, or by renaming
  split           rows or customers that stand in several parts of --split-column
  missing values  how many, which together, and whether their absence tells the label
  balance         how rare the rarer class is
  drift           what is different in the table of --against (a label is not needed there)
Lines that begin with ! should be settled before training. All of them are suspicions: whether a
column is known before the customer decides, only you know. The exit code is 0 whatever is found.)";

/// Numbers since 1970 are not told from other numbers.
void parse_date_format(const std::string& text) {
  if (preprocessing::TimeFormat(text).spelling().ends_with("seconds"))
    fail<DataError>("{} are not told from other numbers: use iso or a pattern", text);
}

struct AuditArguments {
  std::string data;
  std::string delimiter;  // empty: found from the file
  std::string target;
  std::optional<std::string> positive;
  std::string id_column;
  std::vector<std::string> drop_columns;
  std::string split_column;
  std::string label_date;  // a date or a column; empty: none
  std::string time_format = "iso";
  std::string against;
  std::string json;
  int threads = 0;  // 0: all
};

/// A column, if the option spells no date.
std::optional<preprocessing::LabelDate> label_date_of(const AuditArguments& arguments) {
  if (arguments.label_date.empty()) return std::nullopt;
  preprocessing::LabelDate label_date;
  label_date.format = preprocessing::TimeFormat(arguments.time_format);
  label_date.date = preprocessing::parse_iso8601(arguments.label_date);
  if (!label_date.date) label_date.column = arguments.label_date;
  return label_date;
}

/// As ebb train reads it: the target, the split and what names rows are texts, whatever they hold.
Table read_table(const AuditArguments& arguments) {
  preprocessing::CsvOptions options;
  options.delimiter = delimiter_of(arguments.delimiter);
  options.require_declared = false;
  const auto declare = [&](const std::string& name, DeclaredKind kind) {
    const auto is_same = [&](const auto& column) { return column.name == name; };
    if (name.empty() || std::any_of(options.columns.begin(), options.columns.end(), is_same))
      return;
    options.columns.push_back({name, kind});
  };
  declare(arguments.target, DeclaredKind::category);
  declare(arguments.split_column, DeclaredKind::category);
  declare(arguments.id_column, DeclaredKind::identifier);
  if (const auto date = label_date_of(arguments)) declare(date->column, DeclaredKind::category);
  for (const std::string& name : arguments.drop_columns) declare(name, DeclaredKind::identifier);
  return preprocessing::read_csv(arguments.data, options);
}

/// The other table, with the kinds of the first; columns that only it has are skipped.
Table read_other(const AuditArguments& arguments, const Table& table) {
  preprocessing::CsvOptions options;
  if (arguments.delimiter == "blanks") options.delimiter = preprocessing::kBlanks;
  options.undeclared = preprocessing::UndeclaredColumns::ignore;
  options.require_declared = false;
  for (const preprocessing::Column& column : table.columns()) {
    options.columns.push_back(
        {column.name, column.is_number() ? DeclaredKind::number : DeclaredKind::category});
  }
  return preprocessing::read_csv(arguments.against, options);
}

void print_head(const AuditReport& report, const AuditArguments& arguments) {
  const auto& balance = report.balance;
  const double share = static_cast<double>(balance.positives) / static_cast<double>(balance.rows);
  fmt::print("data      {}: {}, {}\n", printable(report.source),
             churn::format_counted(report.rows, "row"),
             churn::format_counted(report.columns, "column"));
  fmt::print("target    {}: {} {} \"{}\", {:.1f} %\n", printable(arguments.target),
             churn::format_counted(balance.positives, "row"),
             preprocessing::noun_for(balance.positives, "is", "are"), printable(balance.classes[1]),
             100.0 * share);
  if (!report.compared_with.empty()) {
    fmt::print("against   {}: {}\n", printable(report.compared_with),
               churn::format_counted(report.compared_rows, "row"));
  }
}

void print_findings(const AuditReport& report) {
  fmt::print("\n");
  if (report.findings.empty()) fmt::print("Nothing suspicious was found.\n");
  for (const preprocessing::Finding& finding : report.findings) {
    fmt::print("{} {:<14}  {}\n", finding.severity == preprocessing::Severity::serious ? "!" : " ",
               finding.topic, printable(finding.text));
  }
}

void print_missing(const AuditReport& report) {
  if (report.missingness.columns.empty()) return;
  churn::TextTable table(
      {"missing values", "rows", "share", "label where missing", "elsewhere", "p"});
  for (const auto& column : report.missingness.columns) {
    table.add({printable(shortened(column.name)), churn::format_count(column.missing),
               fmt::format("{:.2f} %", 100.0 * column.share),
               fmt::format("{:.1f} %", 100.0 * column.positives_missing),
               fmt::format("{:.1f} %", 100.0 * column.positives_present),
               fmt::format("{:.2g}", column.p_value)});
  }
  fmt::print("\n{}", table.to_text());
}

void print_drift(const AuditReport& report) {
  if (report.compared_with.empty()) return;
  churn::TextTable table(
      {"drift", "stability index", "distance", "p", "before", "after", "missing before", "after"});
  for (const auto& shift : report.drift) {
    if (shift.is_absent) continue;
    const auto mean = [&](double value) {
      return shift.is_number ? fmt::format("{:.5g}", value) : std::string("-");
    };
    table.add({printable(shortened(shift.name)), churn::format_metric(shift.stability_index),
               churn::format_metric(shift.is_number ? shift.test.statistic : shift.total_variation),
               fmt::format("{:.2g}", shift.is_number ? shift.test.p_value : shift.p_value),
               mean(shift.mean_before), mean(shift.mean_after),
               fmt::format("{:.2f} %", 100.0 * shift.missing_before),
               fmt::format("{:.2f} %", 100.0 * shift.missing_after)});
  }
  fmt::print("\n{}", table.to_text());
}

ExitCode audit(const AuditArguments& arguments) {
  if (arguments.data == "-" && arguments.against == "-") {
    throw UsageError("--data and --against cannot both be standard input");
  }
  refuse_replacing("--json", arguments.json, {arguments.data, arguments.against});
  std::optional<Output> json;
  if (!arguments.json.empty()) json.emplace(arguments.json);
  set_default_threads(arguments.threads);
  const Table table = read_table(arguments);
  std::optional<Table> other;
  if (!arguments.against.empty()) other = read_other(arguments, table);
  const AuditReport report = preprocessing::audit_table(table,
                                                        {.target = arguments.target,
                                                         .positive = arguments.positive,
                                                         .split_column = arguments.split_column,
                                                         .id_column = arguments.id_column,
                                                         .ignored = arguments.drop_columns,
                                                         .label_date = label_date_of(arguments)},
                                                        other ? &*other : nullptr);
  // The file first: printing may end the program, when nobody reads (`| head`).
  if (json) write_json(*json, preprocessing::to_json(report));
  if (arguments.json == kStandardOutput) return ExitCode::ok;
  print_head(report, arguments);
  print_findings(report);
  print_missing(report);
  print_drift(report);
  return ExitCode::ok;
}

void declare_options(CLI::App& command, AuditArguments& to) {
  command
      .add_option("--data", to.data, "Customer table: CSV or TSV, plain, .gz or .xz; - for stdin")
      ->type_name("FILE")
      ->required();
  declare_delimiter(command, to.delimiter);
  command
      .add_option("--target", to.target,
                  "The label column: 0/1, yes/no, true/false, or see --positive")
      ->type_name("COLUMN")
      ->required();
  command
      .add_option("--positive", to.positive,
                  "The class to predict, when the label has two other names")
      ->type_name("CLASS");
  command.add_option("--id-column", to.id_column, "Names the customer")->type_name("COLUMN");
  declare_drop_columns(command, to.drop_columns, "Columns that are not looked at");
  command
      .add_option("--split-column", to.split_column,
                  "A column with train, val or test, whose parts are compared")
      ->type_name("COLUMN");
  command
      .add_option("--label-date", to.label_date,
                  "When the label was settled: a date such as 2024-06-30, or a column with one; "
                  "later dates in other columns are named")
      ->type_name("DATE|COLUMN");
  command
      .add_option("--time-format", to.time_format,
                  "How the table's dates are spelled: iso, or a pattern such as %d/%m/%Y (iso)")
      ->check(parsed_by(parse_date_format))
      ->type_name("FORMAT");
  command.add_option("--against", to.against, "A table of later customers, to find drift")
      ->type_name("FILE");
  command.add_option("--json", to.json, "Write the report to this file, - for the screen")
      ->type_name("FILE");
  command.add_option("--threads", to.threads, "Threads; results do not depend on it (all)")
      ->transform(within(1, 4096))
      ->type_name("N");
}

}  // namespace

void add_audit(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("audit", "Find leaks, copies, gaps and drift in a customer table");
  command->footer(kAuditFooter);
  auto arguments = std::make_shared<AuditArguments>();
  declare_options(*command, *arguments);
  command->callback([&chosen, arguments] { chosen = [arguments] { return audit(*arguments); }; });
}

}  // namespace ebb::program
