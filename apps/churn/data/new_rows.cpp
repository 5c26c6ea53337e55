#include "apps/churn/data/new_rows.h"

#include <limits>

#include "preprocessing/csv/byte_source.h"

namespace ebb::churn {

preprocessing::CsvReader open_new_rows(const std::filesystem::path& path,
                                       const preprocessing::Pipeline& pipeline,
                                       std::span<const std::string> texts,
                                       std::optional<char> delimiter,
                                       std::span<const std::string> required) {
  preprocessing::CsvOptions options = pipeline.schema_for_reading(texts);
  options.delimiter = delimiter;
  preprocessing::CsvReader reader(path, options);
  pipeline.require_columns(reader.header(), preprocessing::source_name(path), required);
  return reader;
}

std::size_t rows_per_chunk(const preprocessing::Pipeline& pipeline) {
  constexpr std::size_t kRows = 16384;
  return pipeline.steps().looks_at_other_rows() ? std::numeric_limits<std::size_t>::max() : kRows;
}

std::vector<std::string> texts_of(const preprocessing::Table& table, const std::string& name) {
  std::vector<std::string> texts;
  const preprocessing::Column* column = table.find(name);
  if (column == nullptr) return texts;
  texts.reserve(column->size());
  for (std::size_t row = 0; row < column->size(); ++row) texts.push_back(column->text(row));
  return texts;
}

}  // namespace ebb::churn
