#include <limits>

#include "apps/churn/data/prepared_data.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_reader.h"

namespace ebb::churn {

LabelledRows load_labelled(const std::filesystem::path& path,
                           const preprocessing::Pipeline& pipeline,
                           preprocessing::DriftReport& drift, std::optional<char> delimiter,
                           Device device) {
  const std::string& target = pipeline.target();
  preprocessing::CsvOptions options = pipeline.schema_for_reading({&target, 1});
  options.delimiter = delimiter;
  preprocessing::CsvReader reader(path, options);
  pipeline.require_columns(reader.header(), preprocessing::source_name(path), {&target, 1});
  preprocessing::Table table;
  reader.next(table, std::numeric_limits<std::size_t>::max());
  LabelledRows rows;
  rows.labels = parse_labels(table, target, pipeline.classes()).values;
  rows.features = pipeline.transform(table, &drift, device);
  return rows;
}

}  // namespace ebb::churn
