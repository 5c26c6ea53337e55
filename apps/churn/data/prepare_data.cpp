#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/leak_warnings.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/data/row_hashes.h"
#include "apps/churn/data/split_customers.h"
#include "apps/churn/model/column_importance.h"
#include "kernels/common/error.h"
#include "preprocessing/cleaning/duplicates.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/table/inference.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Labels;
using preprocessing::Pipeline;
using preprocessing::Table;

constexpr std::string_view kKeepDuplicates =
    "drop_duplicates = false under [preprocessing] in the --config file";

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
Table without_duplicates(Table table, const RunConfig& config, Device device, PreparedData& data) {
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

CustomerSplit split_or_explain(const Table& table, const Labels& labels, const RunConfig& config,
                               PreparedData& data) {
  try {
    return split_customers(table, labels, config, data.notes);
  } catch (const DataError& error) {
    if (data.duplicates == 0 || !config.split.column.empty()) throw;
    fail<DataError>("{}; {} had been dropped as equal to an earlier one: keep {} with {}",
                    error.what(), preprocessing::counted(data.duplicates, "row"),
                    data.duplicates == 1 ? "it" : "them", kKeepDuplicates);
  }
}

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

/// The column whose equal values say that rows are one customer's, if there is one.
std::string group_column(const Table& table, const RunConfig& config) {
  if (!config.split.group.empty()) return config.split.group;
  return table.find(config.data.id_column) == nullptr ? "" : config.data.id_column;
}

preprocessing::PipelineConfig pipeline_config(const Table& table, const RunConfig& config,
                                              const std::array<std::string, 2>& classes,
                                              const std::function<void()>& between) {
  preprocessing::PipelineConfig pipeline = column_roles(config);
  pipeline.classes = classes;
  pipeline.two_values_as_category = config.preprocessing.two_values_as_category;
  for (const auto& [name, kind] : config.data.columns) {
    if (kind == preprocessing::DeclaredKind::number) pipeline.declared_numbers.push_back(name);
  }
  pipeline.steps = config.preprocessing.steps;
  pipeline.group_column = group_column(table, config);
  pipeline.importance = logistic_importance(config.training.seed, between);
  pipeline.seed = config.training.seed;
  pipeline.numbers = config.preprocessing.numbers;
  pipeline.categories = config.preprocessing.categories;
  pipeline.number_columns = config.preprocessing.number_columns;
  pipeline.category_columns = config.preprocessing.category_columns;
  pipeline.absent_columns = config.preprocessing.absent_columns;
  pipeline.quantiles = config.preprocessing.quantiles;
  pipeline.bins = static_cast<std::size_t>(config.model.bins);
  pipeline.missing_tokens = config.data.missing_tokens;
  return pipeline;
}

/// Steps may make the features.
void require_raw_features(const Table& table, const RunConfig& config) {
  if (config.preprocessing.steps.empty()) require_features(table, column_roles(config));
}

std::vector<float> labels_of(const std::vector<float>& labels,
                             const std::vector<std::size_t>& rows) {
  std::vector<float> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(labels[row]);
  return picked;
}

Labels read_labels(const Table& table, const DataConfig& data) {
  if (data.positive.empty()) return parse_labels(table, data.target);
  return parse_labels(table, data.target, std::optional<std::string>(data.positive));
}

LabelledRows encode(const Pipeline& pipeline, const Table& table, const std::vector<float>& labels,
                    const std::vector<std::size_t>& rows, Device device) {
  return {pipeline.transform(select_rows(table, rows), nullptr, device), labels_of(labels, rows)};
}

void add_notes(const Pipeline& pipeline, const Labels& labels, const RunConfig& config,
               std::vector<std::string>& notes) {
  if (config.data.positive.empty()) {
    notes.push_back(fmt::format("column \"{}\": \"{}\" is what is predicted, \"{}\" the opposite",
                                config.data.target, labels.classes[1], labels.classes[0]));
  }
  for (const preprocessing::DroppedColumn& column : pipeline.dropped()) {
    using Reason = preprocessing::DroppedColumn::Reason;
    if (column.reason == Reason::requested) continue;
    notes.push_back(describe(column));
    if (column.reason == Reason::identifier && config.data.id_column.empty()) {
      notes.push_back(
          fmt::format("--id-column {} would pass it through to the scores", column.name));
    }
  }
}

}  // namespace

PreparedData prepare_data(const RunConfig& config, Device device,
                          const std::function<void()>& between) {
  PreparedData data;
  Table table = read_customers(config);
  const std::optional<Table> test = read_test_customers(config, table);
  std::vector<const Table*> tables = {&table};
  if (test) tables.push_back(&*test);
  data.fingerprint = fingerprint(tables);
  data.table_rows = table.rows();
  data.notes = table.notes;

  // First, as a table without features is all duplicates. One row alone is constant everywhere.
  if (table.rows() > 1) require_raw_features(table, config);
  if (config.preprocessing.drop_duplicates) {
    table = without_duplicates(std::move(table), config, device, data);
  }
  if (test) {
    table = without_test_rows(std::move(table), *test, config.preprocessing.drop_duplicates,
                              data.notes);
  }

  const Labels labels = read_labels(table, config.data);
  CustomerSplit customers = split_or_explain(table, labels, config, data);
  if (test && !config.split.group.empty()) note_shared_groups(table, *test, config, data.notes);
  const preprocessing::Split& split = customers.rows;
  data.split = std::move(customers.description);
  auto [pipeline, training_rows] =
      Pipeline::fit_transform(select_rows(table, split.train),
                              pipeline_config(table, config, labels.classes, between), device);
  data.pipeline = std::move(pipeline);
  add_notes(data.pipeline, labels, config, data.notes);
  data.columns = describe_columns(table, config, data.pipeline);

  data.train = {std::move(training_rows), labels_of(labels.values, split.train)};
  for (std::string& warning :
       leak_warnings(select_rows(table, split.train), data.train.labels, data.pipeline)) {
    data.warnings.push_back(std::move(warning));
  }
  data.validation = encode(data.pipeline, table, labels.values, split.validation, device);
  data.test = encode(data.pipeline, table, labels.values, split.test, device);
  if (test) {
    data.test.features = data.pipeline.transform(*test, nullptr, device);
    data.test.labels = parse_labels(*test, config.data.target, labels.classes).values;
  }
  const auto positives = std::count(data.train.labels.begin(), data.train.labels.end(), 1.0F);
  data.training_base_rate = static_cast<double>(positives) / static_cast<double>(data.train.rows());
  return data;
}

PreparedTable prepare_table(const RunConfig& config, const std::function<void()>& between) {
  PreparedData data;
  Table table = read_customers(config);
  data.table_rows = table.rows();
  data.notes = table.notes;
  require_raw_features(table, config);
  if (config.preprocessing.drop_duplicates) {
    table = without_duplicates(std::move(table), config, Device(), data);
  }
  const Labels labels = read_labels(table, config.data);
  PreparedTable prepared;
  prepared.rows.ids = texts_of(table, config.data.id_column);
  const preprocessing::PipelineConfig wanted =
      pipeline_config(table, config, labels.classes, between);
  auto [pipeline, rows] = Pipeline::fit_transform(std::move(table), wanted);
  add_notes(pipeline, labels, config, data.notes);
  prepared.pipeline = std::move(pipeline);
  prepared.rows.features = std::move(rows);
  prepared.rows.labels = labels.values;
  prepared.notes = std::move(data.notes);
  prepared.warnings = std::move(data.warnings);
  return prepared;
}

}  // namespace ebb::churn
