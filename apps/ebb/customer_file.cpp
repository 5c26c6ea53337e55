#include "apps/ebb/customer_file.h"

#include <limits>

#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/model/feature_columns.h"
#include "apps/churn/segments/k_means.h"
#include "apps/ebb/delimiter_option.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/table/labels.h"

namespace ebb::program {
namespace {

preprocessing::CsvReader open_customers(const ModelOptions& options, const churn::ModelFile& model,
                                        std::span<const NamedColumn> more) {
  std::vector<std::string> texts;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && !preprocessing::contains(texts, name)) texts.push_back(name);
  };
  add(model.config.data.id_column);
  add(model.pipeline.target());
  for (const NamedColumn& column : more) add(column.name);
  preprocessing::CsvReader reader = churn::open_new_rows(
      options.data, model.pipeline, texts,
      churn::further_delimiter(delimiter_of(options.delimiter), model.config.data));
  for (const NamedColumn& column : more) {
    if (!column.name.empty()) {
      require_column(reader.header(), preprocessing::source_name(options.data), column);
    }
  }
  return reader;
}

std::vector<std::string> ids_of(const preprocessing::Table& table, const std::string& id_column) {
  std::vector<std::string> ids = churn::texts_of(table, id_column);
  for (std::size_t row = ids.size(); row < table.rows(); ++row) {
    ids.push_back(fmt::format("{}", row + 1));
  }
  return ids;
}

/// What the model looks at: neither ids nor labels, which the steps pass through.
preprocessing::Table model_columns(const preprocessing::Pipeline& pipeline,
                                   const preprocessing::Table& table) {
  preprocessing::Table columns = pipeline.apply_steps(table);
  std::vector<std::string> others = columns.names();
  for (const churn::FeatureColumn& feature : churn::feature_columns(pipeline)) {
    std::erase(others, feature.name);
  }
  columns.drop(others);
  return columns;
}

}  // namespace

void require_column(std::span<const std::string> header, const std::string& source,
                    const NamedColumn& column) {
  if (preprocessing::contains(header, column.name)) return;
  fail<DataError>("{} has no column \"{}\", which {} names.{}", source, column.name, column.option,
                  preprocessing::suggest_names(column.name, header));
}

CustomerFile read_customer_file(const ModelOptions& options, const churn::ModelFile& model,
                                churn::Predictor& predictor, Device device,
                                std::span<const NamedColumn> more,
                                const InterruptGuard& interrupt) {
  preprocessing::CsvReader reader = open_customers(options, model, more);
  CustomerFile file;
  const std::string source = preprocessing::source_name(options.data);
  if (!reader.next(file.table, std::numeric_limits<std::size_t>::max())) {
    interrupt.stop_here();
    fail<DataError>("{} has no customers", source);
  }
  interrupt.stop_here();  // Ctrl-C also ends what feeds a pipe
  preprocessing::DriftReport drift;
  const preprocessing::EncodedRows rows = model.pipeline.transform(file.table, &drift, device);
  file.probabilities = probabilities(predictor, model, rows, options);
  file.rows = preprocessing::to_host(rows);
  file.columns = model_columns(model.pipeline, file.table);
  const std::string& id = model.config.data.id_column;
  const bool has_ids = file.table.find(id) != nullptr;
  file.ids = ids_of(file.table, id);
  file.id_header = has_ids ? id : "row";
  if (!id.empty() && !has_ids) {
    file.warnings.push_back(
        fmt::format("{} has no id column \"{}\": customers are named by row number", source, id));
  }
  const preprocessing::Column* label = file.table.find(model.pipeline.target());
  if (label != nullptr && preprocessing::has_values(*label)) {
    file.labels =
        preprocessing::parse_labels(file.table, model.pipeline.target(), model.pipeline.classes())
            .values;
  }
  for (std::string& warning : model.pipeline.drift_warnings(drift)) {
    file.warnings.push_back(std::move(warning));
  }
  return file;
}

std::vector<double> standard_embeddings(churn::Predictor& predictor,
                                        const preprocessing::EncodedRows& rows) {
  const std::vector<float> embeddings = predictor.embeddings(rows);
  const std::vector<double> values(embeddings.begin(), embeddings.end());
  return churn::standardised({values, values.size() / rows.rows});
}

}  // namespace ebb::program
