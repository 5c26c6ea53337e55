#include "apps/churn/data/customer_tables.h"

#include "apps/churn/data/score_columns.h"
#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/csv/records.h"
#include "preprocessing/csv_device/csv_on_device.h"

namespace ebb::churn {
namespace {

using preprocessing::DeclaredKind;
using preprocessing::Table;

/// Kinds to read columns as. A column that is no feature is read as text, which any value is; an
/// ignored one too, so that a misspelt name is noticed, and is dropped afterwards.
std::map<std::string, DeclaredKind> kinds_to_read(const RunConfig& config) {
  const DataConfig& data = config.data;
  std::map<std::string, DeclaredKind> kinds = data.columns;
  for (auto& [name, kind] : kinds) {
    if (kind == DeclaredKind::ignore) kind = DeclaredKind::identifier;
  }
  kinds.emplace(data.target, DeclaredKind::category);
  if (!data.id_column.empty()) kinds.emplace(data.id_column, DeclaredKind::identifier);
  if (!data.weight_column.empty()) kinds.emplace(data.weight_column, DeclaredKind::number);
  if (!config.split.column.empty()) kinds.emplace(config.split.column, DeclaredKind::category);
  if (!config.split.group.empty()) kinds.emplace(config.split.group, DeclaredKind::identifier);
  for (const std::string& name : data.drop_columns) kinds.emplace(name, DeclaredKind::identifier);
  return kinds;
}

void check_exists(const Table& table, std::string_view setting, const std::string& name) {
  if (name.empty() || table.find(name) != nullptr) return;
  fail<DataError>("{}: there is no column \"{}\", which {} names.{}", table.source(), name, setting,
                  preprocessing::suggest_names(name, table.names()));
}

void check_columns(const Table& table, const RunConfig& config) {
  check_exists(table, "the target (data.target)", config.data.target);
  check_exists(table, "data.id_column", config.data.id_column);
  check_exists(table, "data.weight_column", config.data.weight_column);
  check_exists(table, "split.column", config.split.column);
  check_exists(table, "split.group", config.split.group);
  check_exists(table, "split.time", config.split.time);
  for (const std::string& name : config.data.drop_columns) {
    check_exists(table, "data.drop_columns", name);
  }
  for (const auto& [name, kind] : config.data.columns) check_exists(table, "[data.columns]", name);
  // With steps they are about the columns after them, which the pipeline knows.
  if (!config.preprocessing.steps.empty()) return;
  for (const auto& [name, options] : config.preprocessing.number_columns) {
    check_exists(table, "[preprocessing.number_columns]", name);
  }
  for (const auto& [name, options] : config.preprocessing.category_columns) {
    check_exists(table, "[preprocessing.category_columns]", name);
  }
}

preprocessing::CsvOptions csv_options(const DataConfig& data) {
  preprocessing::CsvOptions options;
  options.delimiter = data.delimiter;
  options.missing_tokens = data.missing_tokens;
  options.require_declared = false;
  return options;
}

/// For a further table, whose columns have the kinds of those of `customers`.
preprocessing::CsvOptions options_as_of(const Table& customers, const RunConfig& config) {
  preprocessing::CsvOptions options = csv_options(config.data);
  options.delimiter = further_delimiter(std::nullopt, config.data);
  options.undeclared = preprocessing::UndeclaredColumns::ignore;
  for (const preprocessing::Column& column : customers.columns()) {
    options.columns.push_back(
        {column.name, column.is_number() ? DeclaredKind::number : DeclaredKind::category});
  }
  return options;
}

}  // namespace

Table read_customers(const RunConfig& config, Device device) {
  if (config.data.path.empty()) {
    fail<DataError>("no customer table is given: name one with --data, or as path in [data]");
  }
  if (config.data.target.empty()) {
    fail<DataError>(
        "no target is given: name the column to predict with --target, or as target in [data]");
  }
  check_id_column(config.data.id_column, preprocessing::source_name(config.data.path),
                  "rename it in the table and in --id-column");
  preprocessing::CsvOptions options = csv_options(config.data);
  for (const auto& [name, kind] : kinds_to_read(config)) options.columns.push_back({name, kind});
  Table table = preprocessing::read_csv_by_way_of(device, config.data.path, options);
  check_columns(table, config);
  std::vector<std::string> ignored;
  for (const auto& [name, kind] : config.data.columns) {
    if (kind == DeclaredKind::ignore) ignored.push_back(name);
  }
  table.drop(ignored);
  return table;
}

std::optional<char> further_delimiter(std::optional<char> given, const DataConfig& data) {
  return given || data.delimiter != preprocessing::kBlanks ? given : data.delimiter;
}

std::optional<Table> read_test_customers(const RunConfig& config, const Table& customers,
                                         Device device) {
  if (config.split.test_data.empty()) return std::nullopt;
  return preprocessing::read_csv_by_way_of(device, config.split.test_data,
                                           options_as_of(customers, config));
}

Table read_later_customers(const RunConfig& config, const std::string& path,
                           const Table& customers) {
  preprocessing::CsvOptions options = options_as_of(customers, config);
  options.text_among_numbers = preprocessing::TextAmongNumbers::missing;
  return preprocessing::read_csv(path, options);
}

}  // namespace ebb::churn
