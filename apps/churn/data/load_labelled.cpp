#include <limits>

#include "apps/churn/data/new_rows.h"
#include "apps/churn/data/prepared_data.h"

namespace ebb::churn {

LabelledRows load_labelled(const std::filesystem::path& path,
                           const preprocessing::Pipeline& pipeline,
                           preprocessing::DriftReport& drift, std::optional<char> delimiter,
                           Device device) {
  const std::span<const std::string> target(&pipeline.target(), 1);
  preprocessing::CsvReader reader = open_new_rows(path, pipeline, target, delimiter, target);
  preprocessing::Table table;
  reader.next(table, std::numeric_limits<std::size_t>::max());
  LabelledRows rows;
  rows.labels = parse_labels(table, pipeline.target(), pipeline.classes()).values;
  rows.features = pipeline.transform(table, &drift, device);
  return rows;
}

}  // namespace ebb::churn
