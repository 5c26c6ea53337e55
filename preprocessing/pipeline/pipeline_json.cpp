// The pipeline as a JSON document, version 3; version 2 has no statistics of the columns before the
// steps, version 1 has no steps. nlohmann-json writes an f64
// in the shortest form that reads back to the same bits, so fitted numbers survive exactly.
#include <algorithm>
#include <set>

#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/scaling/scaling_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "ebb.pipeline";
constexpr std::uint64_t kVersion = 3;
constexpr std::uint64_t kVersionWithoutInputs = 2;
constexpr std::uint64_t kVersionWithoutSteps = 1;

template <class T>
bool is_strictly_ascending(const std::vector<T>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

json write(const NumberStatistics& statistics) {
  return {{"rows", statistics.rows},       {"missing", statistics.missing},
          {"minimum", statistics.minimum}, {"maximum", statistics.maximum},
          {"mean", statistics.mean},       {"deviation", statistics.deviation},
          {"edges", statistics.edges},     {"counts", statistics.counts}};
}

NumberStatistics read_statistics(const JsonReader& reader) {
  reader.expect_keys(
      {"rows", "missing", "minimum", "maximum", "mean", "deviation", "edges", "counts"});
  NumberStatistics statistics;
  statistics.rows = reader.member("rows").count();
  statistics.missing = reader.member("missing").count();
  statistics.minimum = reader.member("minimum").number();
  statistics.maximum = reader.member("maximum").number();
  statistics.mean = reader.member("mean").number();
  statistics.deviation = reader.member("deviation").number();
  statistics.edges = reader.member("edges").numbers();
  statistics.counts = reader.member("counts").counts();
  if (statistics.missing > statistics.rows) reader.refuse("more values are missing than there are");
  if (statistics.minimum > statistics.maximum) reader.refuse("the minimum is above the maximum");
  if (statistics.deviation < 0.0) reader.refuse("the deviation is negative");
  if (!is_strictly_ascending(statistics.edges)) reader.refuse("the edges are not ascending");
  if (statistics.counts.size() != statistics.edges.size() + 1) {
    reader.refuse(fmt::format("{} counts for {} edges: expected one more than edges",
                              statistics.counts.size(), statistics.edges.size()));
  }
  return statistics;
}

json write(const NumberFeature& feature) {
  return {{"name", feature.name},
          {"fill_value", feature.fill_value},
          {"missing_indicator", feature.has_indicator},
          {"scaler", preprocessing::to_json(feature.scaler)},
          {"bin_edges", feature.bin_edges},
          {"statistics", write(feature.statistics)}};
}

NumberFeature read_number(const JsonReader& reader) {
  reader.expect_keys(
      {"name", "fill_value", "missing_indicator", "scaler", "bin_edges", "statistics"});
  NumberFeature feature;
  feature.name = reader.member("name").text();
  feature.fill_value = reader.member("fill_value").number();
  feature.has_indicator = reader.member("missing_indicator").boolean();
  feature.scaler = number_scaler_from_json(reader.member("scaler"));
  feature.bin_edges = reader.member("bin_edges").numbers();
  feature.statistics = read_statistics(reader.member("statistics"));
  if (feature.bin_edges.size() < 2 || !is_strictly_ascending(feature.bin_edges)) {
    reader.member("bin_edges").refuse("expected at least two numbers in ascending order");
  }
  return feature;
}

json write(const CategoryFeature& feature) {
  return {{"name", feature.name},
          {"holds_numbers", feature.holds_numbers},
          {"missing_code", feature.missing_code},
          {"levels", feature.encoder.levels()},
          {"expected_unknown", feature.expected_unknown},
          {"counts", feature.counts}};
}

CategoryFeature read_category(const JsonReader& reader) {
  reader.expect_keys(
      {"name", "holds_numbers", "missing_code", "levels", "expected_unknown", "counts"});
  CategoryFeature feature;
  feature.name = reader.member("name").text();
  feature.holds_numbers = reader.member("holds_numbers").boolean();
  const JsonReader levels = reader.member("levels");
  feature.encoder = levels.guarded([&] { return CategoryEncoder::restore(levels.texts()); });
  feature.expected_unknown = reader.member("expected_unknown").count();
  feature.counts = reader.member("counts").counts();
  const auto cardinality = static_cast<std::size_t>(feature.encoder.cardinality());
  if (feature.counts.size() != cardinality) {
    reader.member("counts").refuse(
        fmt::format("{} counts, expected {}", feature.counts.size(), cardinality));
  }
  const std::uint64_t missing_code = reader.member("missing_code").count();
  if (missing_code >= cardinality) {
    reader.member("missing_code")
        .refuse(fmt::format("{} is no code: there are {}", missing_code, cardinality));
  }
  feature.missing_code = static_cast<std::int32_t>(missing_code);
  return feature;
}

DroppedColumn::Reason parse_reason(std::string_view name) {
  using enum DroppedColumn::Reason;
  for (const DroppedColumn::Reason reason :
       {requested, identifier, constant, all_missing, too_rare, decimal_comma}) {
    if (name == reason_name(reason)) return reason;
  }
  fail<DataError>("\"{}\" is no reason for leaving out a column", name);
}

DroppedColumn read_dropped(const JsonReader& reader) {
  reader.expect_keys({"name", "reason"});
  return {reader.member("name").text(), reader.member("reason").parsed(parse_reason)};
}

std::vector<ColumnDeclaration> read_step_inputs(const JsonReader& reader) {
  std::vector<ColumnDeclaration> inputs;
  for (const JsonReader& element : reader.elements()) {
    element.expect_keys({"name", "kind"});
    const DeclaredKind kind = element.member("kind").parsed(parse_declared_kind);
    if (kind != DeclaredKind::number && kind != DeclaredKind::category)
      element.member("kind").refuse("expected number or category");
    inputs.push_back({element.member("name").text(), kind});
    for (std::size_t i = 0; i + 1 < inputs.size(); ++i) {
      if (inputs[i].name == inputs.back().name)
        element.refuse(fmt::format("the column \"{}\" occurs twice", inputs[i].name));
    }
  }
  return inputs;
}

json write(const InputStatistics& inputs) {
  json numbers = json::array();
  json categories = json::array();
  for (const auto& [name, statistics] : inputs.numbers)
    numbers.push_back({{"name", name}, {"statistics", write(statistics)}});
  for (const CategoryFeature& category : inputs.categories) categories.push_back(write(category));
  return {{"numbers", numbers}, {"categories", categories}};
}

/// Of columns among `inputs`, of their kinds, each once.
InputStatistics read_input_statistics(const JsonReader& reader,
                                      std::span<const ColumnDeclaration> inputs) {
  reader.expect_keys({"numbers", "categories"});
  std::set<std::string> names;
  const auto check_input = [&](const JsonReader& element, const std::string& name,
                               DeclaredKind kind) {
    const ColumnDeclaration wanted{name, kind};
    if (std::ranges::find(inputs, wanted) == inputs.end() || !names.insert(name).second)
      element.refuse(fmt::format("\"{}\" is no {} that the steps take", name, kind_name(kind)));
  };
  InputStatistics statistics;
  for (const JsonReader& element : reader.member("numbers").elements()) {
    element.expect_keys({"name", "statistics"});
    statistics.numbers.push_back(
        {element.member("name").text(), read_statistics(element.member("statistics"))});
    check_input(element, statistics.numbers.back().name, DeclaredKind::number);
  }
  for (const JsonReader& element : reader.member("categories").elements()) {
    statistics.categories.push_back(read_category(element));
    check_input(element, statistics.categories.back().name, DeclaredKind::category);
  }
  return statistics;
}

AbsentColumn parse_absent(std::string_view name) {
  if (name == "error") return AbsentColumn::error;
  if (name == "impute") return AbsentColumn::impute;
  fail<DataError>("\"{}\" is unknown: use error or impute", name);
}

/// The version, one that this program reads.
std::uint64_t read_version(const JsonReader& reader) {
  if (const std::string format = reader.member("format").text(); format != kFormat) {
    reader.member("format").refuse(fmt::format("\"{}\", expected \"{}\"", format, kFormat));
  }
  const std::uint64_t version = reader.member("version").count();
  if (version < kVersionWithoutSteps || version > kVersion) {
    reader.member("version").refuse(
        fmt::format("version {} is not known: this program reads versions {} to {}", version,
                    kVersionWithoutSteps, kVersion));
  }
  return version;
}

}  // namespace

nlohmann::json Pipeline::to_json() const {
  json numbers = json::array();
  json categories = json::array();
  json dropped = json::array();
  json step_inputs = json::array();
  for (const auto& [name, kind] : step_inputs_)
    step_inputs.push_back({{"name", name}, {"kind", kind_name(kind)}});
  for (const NumberFeature& feature : numbers_) numbers.push_back(write(feature));
  for (const CategoryFeature& feature : categories_) categories.push_back(write(feature));
  for (const DroppedColumn& column : dropped_) {
    dropped.push_back({{"name", column.name}, {"reason", reason_name(column.reason)}});
  }
  return {{"format", kFormat},
          {"version", kVersion},
          {"target", target_},
          {"classes", classes_},
          {"missing_tokens", missing_tokens_},
          {"absent_columns", absent_columns_ == AbsentColumn::error ? "error" : "impute"},
          {"training_rows", training_rows_},
          {"step_inputs", step_inputs},
          {"input_statistics", write(input_statistics_)},
          {"steps", steps_.to_json()},
          {"numbers", numbers},
          {"categories", categories},
          {"dropped", dropped}};
}

Pipeline Pipeline::from_json(const nlohmann::json& document) {
  const JsonReader reader(document);
  const std::uint64_t version = read_version(reader);
  const bool has_steps = version > kVersionWithoutSteps;
  const bool has_inputs = version > kVersionWithoutInputs;
  if (has_inputs) {
    reader.expect_keys({"format", "version", "target", "classes", "missing_tokens",
                        "absent_columns", "training_rows", "step_inputs", "input_statistics",
                        "steps", "numbers", "categories", "dropped"});
  } else if (has_steps) {
    reader.expect_keys({"format", "version", "target", "classes", "missing_tokens",
                        "absent_columns", "training_rows", "step_inputs", "steps", "numbers",
                        "categories", "dropped"});
  } else {
    reader.expect_keys({"format", "version", "target", "classes", "missing_tokens",
                        "absent_columns", "training_rows", "numbers", "categories", "dropped"});
  }
  Pipeline pipeline;
  pipeline.target_ = reader.member("target").text();
  const std::vector<std::string> classes = reader.member("classes").texts();
  if (classes.size() != 2) {
    reader.member("classes").refuse(fmt::format("{} classes, expected 2", classes.size()));
  }
  if (classes[0] == classes[1]) {
    reader.member("classes").refuse(fmt::format("the class \"{}\" occurs twice", classes[0]));
  }
  pipeline.classes_ = {classes[0], classes[1]};
  pipeline.missing_tokens_ = reader.member("missing_tokens").texts();
  pipeline.absent_columns_ = reader.member("absent_columns").parsed(parse_absent);
  pipeline.training_rows_ = reader.member("training_rows").count();
  if (has_steps) {
    pipeline.steps_ = StepSequence::from_json(reader.member("steps"));
    pipeline.step_inputs_ = read_step_inputs(reader.member("step_inputs"));
  }
  if (has_inputs) {
    pipeline.input_statistics_ =
        read_input_statistics(reader.member("input_statistics"), pipeline.step_inputs_);
  }
  std::set<std::string> names;
  const auto check_name = [&](const JsonReader& element, const std::string& name) {
    if (!names.insert(name).second) {
      element.refuse(fmt::format("the column \"{}\" occurs twice", name));
    }
  };
  for (const JsonReader& element : reader.member("numbers").elements()) {
    pipeline.numbers_.push_back(read_number(element));
    check_name(element, pipeline.numbers_.back().name);
  }
  for (const JsonReader& element : reader.member("categories").elements()) {
    pipeline.categories_.push_back(read_category(element));
    check_name(element, pipeline.categories_.back().name);
  }
  for (const JsonReader& element : reader.member("dropped").elements()) {
    pipeline.dropped_.push_back(read_dropped(element));
  }
  if (names.empty()) reader.refuse("the pipeline has no columns");
  return pipeline;
}

}  // namespace ebb::preprocessing
