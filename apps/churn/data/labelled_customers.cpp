#include "apps/churn/data/labelled_customers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/row_hashes.h"
#include "kernels/common/error.h"
#include "preprocessing/cleaning/duplicates.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/inference.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Labels;
using preprocessing::Table;

/// Whether the column tells customers apart, also in a table that lists some of them twice.
bool names_customers(const Column& column, const RunConfig& config) {
  if (column.name == config.data.id_column) return true;
  // A column to drop, or of groups, is read as an identifier, whatever it holds.
  const bool is_judged = !preprocessing::contains(config.data.drop_columns, column.name) &&
                         column.name != config.split.group;
  if (is_judged && column.kind == preprocessing::ColumnKind::identifier) return true;
  return preprocessing::has_identifier_name(column.name) &&
         preprocessing::is_text_identifier(column.name, column.size(), as_text(column).levels);
}

/// Drops rows that equal an earlier one, and says how many. Without a column that names the
/// customer they are as likely different customers.
Table without_duplicates(Table table, const RunConfig& config, Device device,
                         LabelledCustomers& data) {
  constexpr std::size_t kFewPercent = 1;
  Table distinct = drop_duplicate_rows(std::move(table), &data.duplicates, device);
  if (data.duplicates == 0) return distinct;
  const bool are_named =
      std::any_of(distinct.columns().begin(), distinct.columns().end(),
                  [&](const Column& column) { return names_customers(column, config); });
  if (are_named || data.duplicates * 100 <= data.table_rows * kFewPercent) {
    data.notes.push_back(fmt::format("{} dropped that equal{} an earlier one in every column",
                                     preprocessing::counted(data.duplicates, "row"),
                                     data.duplicates == 1 ? "s" : ""));
  } else {
    data.warnings.push_back(
        fmt::format("{} of {} dropped that equal{} an earlier one in every column, but no column "
                    "names the customer: if they are different customers, keep them with {}",
                    data.duplicates, preprocessing::counted(data.table_rows, "row"),
                    data.duplicates == 1 ? "s" : "", kKeepDuplicates));
  }
  return distinct;
}

/// The table without rows that stand in the test table too, as far as its columns tell.
Table without_test_rows(Table table, const Table& test, bool drops,
                        std::vector<std::string>& notes) {
  std::vector<std::string> shared = table.names();
  std::erase_if(shared, [&](const std::string& name) { return test.find(name) == nullptr; });
  std::vector<std::size_t> rows(table.rows());
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
  const std::size_t known = drop_known(rows, hash_rows(table, shared), hash_rows(test, shared));
  if (known == 0) return table;
  notes.push_back(fmt::format("{} of {} also in the test table {}: {}",
                              preprocessing::counted(known, "row"), table.source(), test.source(),
                              drops ? "dropped from training" : "kept, as asked"));
  if (drops && rows.empty()) {
    fail<DataError>("{}: every row is also in the test table {}: no row is left to train on",
                    table.source(), test.source());
  }
  if (drops) table.keep_rows(rows);
  return table;
}

/// Steps may make the features.
void require_raw_features(const Table& table, const RunConfig& config) {
  if (config.preprocessing.steps.empty()) require_features(table, column_roles(config));
}

/// The places, from 1, of lines that are left among those that there were.
std::vector<std::size_t> places_among(std::span<const std::uint64_t> left,
                                      std::span<const std::uint64_t> before, std::size_t rows) {
  std::vector<std::size_t> places;
  places.reserve(rows);
  std::size_t at = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (!left.empty()) {
      while (before[at] != left[row]) ++at;
    }
    places.push_back(++at);
  }
  return places;
}

Labels read_labels(const Table& table, const DataConfig& data) {
  if (data.positive.empty()) return parse_labels(table, data.target);
  return parse_labels(table, data.target, std::optional<std::string>(data.positive));
}

/// What each row counts for, if the configuration names a column of it.
std::vector<double> read_weights(const Table& table, const std::string& name) {
  if (name.empty()) return {};
  const std::vector<double>& weights = table.numbers(name);
  for (std::size_t row = 0; row < weights.size(); ++row) {
    if (std::isfinite(weights[row]) && weights[row] >= 0.0) continue;
    fail<DataError>(
        "{}: the weight in column \"{}\" is {}, expected a finite number, 0 or more",
        table.where(row), name,
        std::isnan(weights[row]) ? "missing" : preprocessing::format_number(weights[row]));
  }
  return weights;
}

}  // namespace

/// Which columns are no features by their role.
preprocessing::PipelineConfig column_roles(const RunConfig& config) {
  preprocessing::PipelineConfig pipeline;
  pipeline.target = config.data.target;
  pipeline.drop_columns = config.data.drop_columns;
  const auto drop = [&](const std::string& name) {
    if (!name.empty() && !preprocessing::contains(pipeline.drop_columns, name)) {
      pipeline.drop_columns.push_back(name);
    }
  };
  drop(config.data.id_column);
  drop(config.data.weight_column);
  drop(config.split.column);
  // Their values tell whose a row is, or are times that do not come again; but see prepare_data.
  for (const std::string& name : {config.split.group, config.split.time}) {
    const auto declared = config.data.columns.find(name);
    const bool is_wanted = declared != config.data.columns.end() &&
                           (declared->second == preprocessing::DeclaredKind::number ||
                            declared->second == preprocessing::DeclaredKind::category);
    if (!is_wanted) drop(name);
  }
  return pipeline;
}

LabelledCustomers read_labelled_customers(const RunConfig& config, Device device, TestTable test) {
  LabelledCustomers customers;
  Table table = read_customers(config, device);
  if (test == TestTable::read) customers.test = read_test_customers(config, table, device);
  std::vector<const Table*> tables = {&table};
  if (customers.test) tables.push_back(&*customers.test);
  customers.fingerprint = fingerprint(tables);
  customers.table_rows = table.rows();
  const std::vector<std::uint64_t> lines = table.lines();
  customers.notes = table.notes;

  // First, as a table without features is all duplicates. One row alone is constant everywhere.
  if (table.rows() > 1) require_raw_features(table, config);
  if (config.preprocessing.drop_duplicates) {
    table = without_duplicates(std::move(table), config, device, customers);
  }
  if (customers.test) {
    table = without_test_rows(std::move(table), *customers.test,
                              config.preprocessing.drop_duplicates, customers.notes);
  }
  customers.labels = read_labels(table, config.data);
  customers.file_rows = places_among(table.lines(), lines, table.rows());
  customers.weights = read_weights(table, config.data.weight_column);
  customers.table = std::move(table);
  return customers;
}

}  // namespace ebb::churn
