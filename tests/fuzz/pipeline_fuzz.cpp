// pipeline.json: an accepted pipeline, written as JSON, reads back equal, and gives usable inputs
// and warnings for a table with ordinary, missing, extreme and unknown values in every column.
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/io/bounded_json.h"
#include "preprocessing/pipeline/pipeline.h"
#include "tests/fuzz/fuzz_target.h"

namespace ebb::preprocessing {
namespace {

using fuzzing::accepted;
using fuzzing::require;

constexpr double kLargest = std::numeric_limits<double>::max();
const std::vector<double> kNumbers = {0.0,
                                      1.0,
                                      -2.5,
                                      1e-300,
                                      kLargest,
                                      -kLargest,
                                      0.9 * kLargest,
                                      1e38,
                                      std::nan(""),
                                      std::numeric_limits<double>::denorm_min()};

/// A category column as long as kNumbers: a missing value, known levels and unknown texts.
Column category_values(const CategoryFeature& feature) {
  if (feature.holds_numbers) return number_column(feature.name, kNumbers);
  std::vector<std::string> texts(kNumbers.size(), "unknown to training");
  texts.front().clear();
  const std::vector<std::string>& levels = feature.encoder.levels();
  for (std::size_t i = 0; i + 1 < texts.size() && i < levels.size(); ++i) texts[i + 1] = levels[i];
  return text_column(feature.name, texts);
}

/// A table for the features, or for the steps that they come from.
Table table_for(const Pipeline& pipeline) {
  Table table;
  if (pipeline.steps().empty()) {
    for (const NumberFeature& feature : pipeline.numbers())
      table.add(number_column(feature.name, kNumbers));
    for (const CategoryFeature& feature : pipeline.categories())
      table.add(category_values(feature));
    return table;
  }
  const std::vector<std::string> texts = {"",           "x",  "X ", "p", "q",
                                          "2024-02-17", "no", "1",  "q", ""};
  for (const auto& [name, kind] : pipeline.inputs()) {
    table.add(kind == DeclaredKind::number ? number_column(name, kNumbers)
                                           : text_column(name, texts));
  }
  return table;
}

void check_transform(const Pipeline& pipeline) {
  const Table table = table_for(pipeline);
  DriftReport drift;
  const auto encoded = accepted([&] { return pipeline.transform(table, &drift); });
  require(encoded || !pipeline.steps().empty(), "only steps refuse such a table");
  if (!encoded) return;
  const EncodedRows& rows = *encoded;
  require(rows.rows == kNumbers.size(), "all rows are encoded");
  for (const float number : rows.numbers) require(std::isfinite(number), "numbers are finite");
  const std::vector<std::int32_t> cardinalities = pipeline.cardinalities();
  for (std::size_t i = 0; i < rows.codes.size(); ++i) {
    const std::int32_t code = rows.codes[i];
    require(code >= 0 && code < cardinalities[i % rows.category_count], "codes are in range");
  }
  for (const std::string& warning : pipeline.drift_warnings(drift)) {
    require(!warning.empty(), "a warning says something");
  }
}

void check(std::string_view text) {
  const auto pipeline = accepted([&] { return Pipeline::from_json(parse_json(text)); });
  if (!pipeline) return;
  const std::string written = pipeline->to_json().dump();
  const Pipeline again = Pipeline::from_json(parse_json(written));
  require(again == *pipeline, "what is written reads back");
  require(again.to_json().dump() == written, "equal pipelines are written equally");
  check_transform(*pipeline);
}

}  // namespace
}  // namespace ebb::preprocessing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::preprocessing::check(ebb::fuzzing::as_text(data, size));
  return 0;
}
