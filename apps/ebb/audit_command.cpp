// ebb audit: what is wrong with a customer table before a model is trained on it.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/config/config_file.h"
#include "apps/churn/data/audit_options.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/drop_columns_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/threads_option.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/audit/audit.h"
#include "preprocessing/common/counted.h"

namespace ebb::program {
namespace {

using churn::printable;
using preprocessing::AuditReport;
using preprocessing::Table;

constexpr const char* kAuditFooter = R"(Examples:
  ebb audit --data users.csv --target churn
  ebb audit --data users.csv --target churn --split-column part --json audit.json
  ebb audit --data 2023.csv --target churn --against 2024.csv
  ebb audit --data users.csv --target churn --label-date 2024-06-30
  ebb audit --data users.csv --config settings.toml
      with what [data] in settings.toml says of columns, missing values and the delimiter

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
  std::optional<std::string> target;
  std::optional<std::string> positive;
  std::optional<std::string> id_column;
  std::vector<std::string> drop_columns;
  std::optional<std::string> split_column;
  std::string config;
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

churn::RunConfig audit_config(const AuditArguments& arguments) {
  churn::RunConfig config =
      arguments.config.empty() ? churn::RunConfig{} : churn::load_config(arguments.config);
  config.data.path = arguments.data;
  if (!arguments.delimiter.empty()) config.data.delimiter = delimiter_of(arguments.delimiter);
  if (arguments.target) config.data.target = *arguments.target;
  if (arguments.positive) config.data.positive = *arguments.positive;
  if (arguments.id_column) config.data.id_column = *arguments.id_column;
  if (!arguments.drop_columns.empty()) config.data.drop_columns = arguments.drop_columns;
  if (const auto date = label_date_of(arguments); date && !date->column.empty())
    config.data.columns.emplace(date->column, preprocessing::DeclaredKind::category);
  // How training would split does not count, but for parts that there are.
  const std::string split_column = arguments.split_column.value_or(config.split.column);
  config.split = {};
  config.split.column = split_column;
  if (config.data.target.empty()) {
    fail<UsageError>("--target is missing: the label column (or target in [data] of --config)");
  }
  churn::validate(config);
  return config;
}

void print_head(const AuditReport& report) {
  const auto& balance = report.balance;
  const double share = static_cast<double>(balance.positives) / static_cast<double>(balance.rows);
  fmt::print("data      {}: {}, {}\n", printable(report.source),
             churn::format_counted(report.rows, "row"),
             churn::format_counted(report.columns, "column"));
  fmt::print("target    {}: {} {} \"{}\", {:.1f} %\n", printable(report.target),
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
  refuse_replacing("--json", arguments.json, {arguments.data, arguments.against, arguments.config});
  JsonOutput json(arguments.json);
  set_default_threads(arguments.threads);
  const churn::RunConfig config = audit_config(arguments);
  const Table table = churn::read_customers(config);
  std::optional<Table> other;
  if (!arguments.against.empty()) {
    other = churn::read_later_customers(config, arguments.against, table);
  }
  preprocessing::AuditOptions options = churn::audit_options(config, table);
  options.label_date = label_date_of(arguments);
  const AuditReport report = preprocessing::audit_table(table, options, other ? &*other : nullptr);
  // The file first: printing may end the program, when nobody reads (`| head`).
  json.write(preprocessing::to_json(report));
  if (arguments.json == kStandardOutput) return ExitCode::ok;
  print_head(report);
  print_findings(report);
  print_missing(report);
  print_drift(report);
  return ExitCode::ok;
}

void declare_options(CLI::App& command, AuditArguments& to) {
  command.add_option("--data", to.data, fmt::format("Customer table: {}", kTableFormats))
      ->type_name("FILE")
      ->required();
  declare_delimiter(command, to.delimiter);
  command
      .add_option("--target", to.target,
                  "The label column: 0/1, yes/no, true/false, or see --positive")
      ->type_name("COLUMN");
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
  command.add_option("--config", to.config, "Settings; [data] and split.column count")
      ->type_name("FILE");
  command.add_option("--against", to.against, "A table of later customers, to find drift")
      ->type_name("FILE");
  command.add_option("--json", to.json, "Write the report to this file, - for the screen")
      ->type_name("FILE");
  declare_threads(command, to.threads);
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
