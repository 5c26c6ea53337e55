#include "apps/churn/data/new_table.h"

#include <array>

#include "apps/churn/data/new_rows.h"
#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/byte_source.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Table;

preprocessing::CsvReader open_table(const std::filesystem::path& path,
                                    const preprocessing::Pipeline& pipeline,
                                    const IdColumn& id_column, std::optional<char> delimiter) {
  if (!id_column.name.empty() && id_column.name == pipeline.target()) {
    fail<DataError>("column \"{}\" is the target, and cannot name the rows too", id_column.name);
  }
  std::vector<std::string> texts;
  for (const std::string& name : {pipeline.target(), id_column.name}) {
    if (!name.empty()) texts.push_back(name);
  }
  return open_new_rows(path, pipeline, texts, delimiter,
                       {&id_column.name, id_column.is_required ? 1U : 0U});
}

}  // namespace

NewTable::NewTable(const std::filesystem::path& path, const preprocessing::Pipeline& pipeline,
                   const IdColumn& id_column, std::optional<char> delimiter, Device device)
    : pipeline_(pipeline),
      id_column_(id_column.name),
      device_(device),
      reader_(open_table(path, pipeline, id_column, delimiter)) {
  if (!id_column_.empty() && !preprocessing::contains(reader_.header(), id_column_)) {
    warnings_.push_back(fmt::format("{} has no id column \"{}\": its rows get no ids",
                                    preprocessing::source_name(path), id_column_));
  }
}

bool NewTable::next(PreparedRows& rows) {
  Table table;
  if (!reader_.next(table, rows_per_chunk(pipeline_))) return false;
  rows.ids = texts_of(table, id_column_);
  rows.labels = labels_of(table);
  rows.features = to_host(pipeline_.transform(table, &drift_, device_));
  return true;
}

std::vector<float> NewTable::labels_of(const Table& table) {
  const std::string& target = pipeline_.target();
  const Column* label = table.find(target);
  const bool has_values = label != nullptr && preprocessing::has_values(*label);
  if (!has_labels_) {
    has_labels_ = has_values;
    // New customers may have no label yet.
    if (!has_values) first_row_ = select_rows(table, std::array<std::size_t, 1>{0});
  }
  // A label after rows without one: the first of them is what is wrong.
  if (!*has_labels_ && has_values) parse_labels(first_row_, target, pipeline_.classes());
  if (!*has_labels_) return {};
  return parse_labels(table, target, pipeline_.classes()).values;
}

std::vector<std::string> NewTable::warnings() const {
  std::vector<std::string> all = warnings_;
  for (std::string& warning : pipeline_.drift_warnings(drift_)) all.push_back(std::move(warning));
  return all;
}

}  // namespace ebb::churn
