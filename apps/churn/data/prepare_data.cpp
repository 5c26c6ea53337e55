#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "apps/churn/data/labelled_customers.h"
#include "apps/churn/data/leak_warnings.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/data/split_customers.h"
#include "apps/churn/model/column_importance.h"
#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Labels;
using preprocessing::Pipeline;
using preprocessing::Table;

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

std::vector<float> labels_of(const std::vector<float>& labels,
                             const std::vector<std::size_t>& rows) {
  std::vector<float> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(labels[row]);
  return picked;
}

LabelledRows encode(const Pipeline& pipeline, const Table& table, const std::vector<float>& labels,
                    const std::vector<std::size_t>& rows, Device device) {
  return {
      pipeline.transform(select_rows(table, rows), nullptr, device), labels_of(labels, rows), {}};
}

/// Of the training rows, scaled to a mean of 1, so that the learning rate need not know them.
std::vector<float> training_weights(const LabelledCustomers& customers,
                                    const std::vector<std::size_t>& rows) {
  if (customers.weights.empty()) return {};
  double total = 0.0;
  for (const std::size_t row : rows) total += customers.weights[row];
  if (!(total > 0.0) || std::isinf(total)) {
    fail<DataError>(
        "{}: the weights of the training rows add up to {}, expected a finite number "
        "above 0: see the column that data.weight_column (--weight-column) names",
        customers.table.source(), total);
  }
  const double scale = static_cast<double>(rows.size()) / total;
  std::vector<float> weights;
  weights.reserve(rows.size());
  for (const std::size_t row : rows) {
    weights.push_back(static_cast<float>(customers.weights[row] * scale));
  }
  return weights;
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

CustomerSplit split_or_explain(const LabelledCustomers& customers, const RunConfig& config,
                               std::vector<std::string>& notes) {
  try {
    return split_customers(customers.table, customers.labels, config, notes);
  } catch (const DataError& error) {
    if (customers.duplicates == 0 || !config.split.column.empty()) throw;
    fail<DataError>("{}; {} had been dropped as equal to an earlier one: keep {} with {}",
                    error.what(), preprocessing::counted(customers.duplicates, "row"),
                    customers.duplicates == 1 ? "it" : "them", kKeepDuplicates);
  }
}

PreparedData prepare_split(const LabelledCustomers& customers, const CustomerSplit& split,
                           const RunConfig& config, Device device,
                           const std::function<void()>& between) {
  const Table& table = customers.table;
  const Labels& labels = customers.labels;
  const preprocessing::Split& rows = split.rows;
  PreparedData data;
  data.fingerprint = customers.fingerprint;
  data.table_rows = customers.table_rows;
  data.duplicates = customers.duplicates;
  data.notes = customers.notes;
  data.warnings = customers.warnings;
  data.split = split.description;
  auto [pipeline, training_rows] =
      Pipeline::fit_transform(select_rows(table, rows.train),
                              pipeline_config(table, config, labels.classes, between), device);
  data.pipeline = std::move(pipeline);
  add_notes(data.pipeline, labels, config, data.notes);
  data.columns = describe_columns(table, config, data.pipeline);

  data.train = {std::move(training_rows), labels_of(labels.values, rows.train),
                training_weights(customers, rows.train)};
  for (std::string& warning :
       leak_warnings(select_rows(table, rows.train), data.train.labels, data.pipeline)) {
    data.warnings.push_back(std::move(warning));
  }
  data.validation = encode(data.pipeline, table, labels.values, rows.validation, device);
  if (customers.test) {
    data.test.features = data.pipeline.transform(*customers.test, nullptr, device);
    data.test.labels = parse_labels(*customers.test, config.data.target, labels.classes).values;
  } else {
    data.test = encode(data.pipeline, table, labels.values, rows.test, device);
  }
  const auto positives = std::count(data.train.labels.begin(), data.train.labels.end(), 1.0F);
  data.training_base_rate = static_cast<double>(positives) / static_cast<double>(data.train.rows());
  return data;
}

PreparedData prepare_data(const RunConfig& config, Device device,
                          const std::function<void()>& between) {
  LabelledCustomers customers = read_labelled_customers(config, device);
  const CustomerSplit split = split_or_explain(customers, config, customers.notes);
  if (customers.test && !config.split.group.empty()) {
    note_shared_groups(customers.table, *customers.test, config, customers.notes);
  }
  return prepare_split(customers, split, config, device, between);
}

PreparedTable prepare_table(const RunConfig& config, Device device,
                            const std::function<void()>& between) {
  LabelledCustomers customers = read_labelled_customers(config, device, TestTable::ignored);
  PreparedTable prepared;
  prepared.rows.ids = texts_of(customers.table, config.data.id_column);
  const preprocessing::PipelineConfig wanted =
      pipeline_config(customers.table, config, customers.labels.classes, between);
  auto [pipeline, rows] = Pipeline::fit_transform(std::move(customers.table), wanted, device);
  add_notes(pipeline, customers.labels, config, customers.notes);
  prepared.pipeline = std::move(pipeline);
  prepared.rows.features = to_host(std::move(rows));
  prepared.rows.labels = std::move(customers.labels.values);
  prepared.notes = std::move(customers.notes);
  prepared.warnings = std::move(customers.warnings);
  return prepared;
}

}  // namespace ebb::churn
