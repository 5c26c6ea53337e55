// The pipeline's document: exact round trip, strict reading.
#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;

Pipeline fitted() {
  SplitMix64 generator(5);
  std::vector<double> a;
  std::vector<double> b;
  std::vector<std::string> c;
  for (int row = 0; row < 3000; ++row) {
    a.push_back(std::exp(static_cast<double>(generator.below(1000000)) / 1.7e5));
    b.push_back(generator.below(9) == 0 ? std::nan("")
                                        : static_cast<double>(generator.below(40)) / 3);
    c.push_back(generator.below(20) == 0 ? "" : fmt::format("级别\"{}\"", generator.below(12)));
  }
  Table table;
  table.add(number_column("金额", a));
  table.add(number_column("b", b));
  table.add(text_column("c", c));
  table.add(number_column("same", std::vector<double>(3000, 1.0)));
  PipelineConfig config;
  config.number_columns["b"] = {NumberFill::mean, 0.0, MissingIndicator::always, Scaling::standard};
  config.classes = {"留存", "流失"};
  config.target = "same";
  return Pipeline::fit(table, config);
}

TEST(PipelineJson, RoundTripsToTheBit) {
  const Pipeline pipeline = fitted();
  const std::string text = pipeline.to_json().dump(2);
  const Pipeline again = Pipeline::from_json(ebb::testing::json_of(text));
  EXPECT_EQ(again, pipeline);
  EXPECT_EQ(Pipeline::from_json(pipeline.to_json()), pipeline);
  EXPECT_EQ(again.to_json().dump(2), text);
  EXPECT_EQ(again.classes()[1], "流失");
  EXPECT_EQ(again.numbers()[0].scaler.knots().size(), 1000U);
}

TEST(PipelineJson, EveryScalingRoundTrips) {
  Table table;
  std::vector<double> values;
  for (int row = 0; row < 200; ++row) values.push_back(std::exp(0.03 * row) / 3.0);
  table.add(number_column("a", values));
  for (const Scaling scaling : kScalings) {
    PipelineConfig config;
    config.numbers.scaling = scaling;
    config.classes = {"0", "1"};
    const Pipeline pipeline = Pipeline::fit(table, config);
    json document = ebb::testing::through_text(pipeline.to_json());
    EXPECT_EQ(Pipeline::from_json(document), pipeline) << scaling_name(scaling);
    // Models of before have four keys; what a scaling has no use for is not written.
    json& scaler = document["numbers"][0]["scaler"];
    EXPECT_EQ(scaler.size(), scaling == Scaling::yeo_johnson ? 6U : 4U);
    scaler["lambda"] = 7.0;
    EXPECT_THROW(Pipeline::from_json(document), DataError) << scaling_name(scaling);
  }
}

TEST(PipelineJson, ReadsVersion1WhichHasNoSteps) {
  const Pipeline pipeline = fitted();
  json document = pipeline.to_json();
  document["version"] = 1;
  EXPECT_THAT(message_of([&] { Pipeline::from_json(document); }),
              ::testing::HasSubstr("the key \"input_statistics\" is not known"));
  document.erase("steps");
  document.erase("step_inputs");
  document.erase("input_statistics");
  EXPECT_EQ(Pipeline::from_json(document), pipeline);
}

struct BadDocument {
  std::string what;
  std::function<void(json&)> spoil;
  std::string message;
};

TEST(PipelineJson, RefusesWhatItDoesNotUnderstand) {
  const json good = fitted().to_json();
  const std::vector<BadDocument> cases = {
      {"not an object", [](json& j) { j = 3; },
       "pipeline: the document: expected an object, got number"},
      {"other format", [](json& j) { j["format"] = "x"; },
       "pipeline: format: \"x\", expected \"ebb.pipeline\""},
      {"newer version", [](json& j) { j["version"] = 4; },
       "pipeline: version: version 4 is not known: this program reads versions 1 to 3"},
      {"missing key", [](json& j) { j.erase("target"); },
       "pipeline: the document: the key \"target\" is missing"},
      {"unknown key", [](json& j) { j["numbers"][1]["extra"] = 1; },
       "pipeline: numbers[1]: the key \"extra\" is not known"},
      {"wrong type", [](json& j) { j["numbers"][0]["scaler"]["scale"] = "1"; },
       "pipeline: numbers[0].scaler.scale: expected a number, got string"},
      {"negative count", [](json& j) { j["training_rows"] = -1; },
       "pipeline: training_rows: expected a whole number, not negative, got number"},
      {"null number", [](json& j) { j["numbers"][0]["scaler"]["knots"][7] = nullptr; },
       "pipeline: numbers[0].scaler.knots[7]: expected a number, got null"},
      {"zero scale", [](json& j) { j["numbers"][1]["scaler"]["scale"] = 0.0; },
       "pipeline: numbers[1].scaler: scaling standard: shift"},
      {"unknown scaling", [](json& j) { j["numbers"][1]["scaler"]["kind"] = "logit"; },
       "pipeline: numbers[1].scaler.kind: \"logit\" is no scaling: use none"},
      {"knots out of order", [](json& j) { j["numbers"][0]["scaler"]["knots"][0] = 1e9; },
       "pipeline: numbers[0].scaler: scaling quantile_normal: 1000 knots"},
      {"too few bins", [](json& j) { j["numbers"][0]["bin_edges"] = {1.0}; },
       "pipeline: numbers[0].bin_edges: expected at least two numbers in ascending order"},
      {"counts and edges", [](json& j) { j["numbers"][0]["statistics"]["counts"] = {1}; },
       "pipeline: numbers[0].statistics: 1 counts for 9 edges: expected one more than edges"},
      {"level twice",
       [](json& j) { j["categories"][0]["levels"][1] = j["categories"][0]["levels"][0]; },
       "pipeline: categories[0].levels: the level "},
      {"count of codes",
       [](json& j) {
         j["categories"][0]["counts"] = {1, 2};
       },
       "pipeline: categories[0].counts: 2 counts, expected 14"},
      {"missing code", [](json& j) { j["categories"][0]["missing_code"] = 14; },
       "pipeline: categories[0].missing_code: 14 is no code: there are 14"},
      {"same column twice", [](json& j) { j["numbers"][1]["name"] = "c"; },
       "pipeline: categories[0]: the column \"c\" occurs twice"},
      {"no columns", [](json& j) { j["numbers"] = j["categories"] = json::array(); },
       "pipeline: the document: the pipeline has no columns"},
      {"statistics of no input",
       [](json& j) {
         j["input_statistics"]["numbers"] = {
             {{"name", "a"}, {"statistics", j["numbers"][0]["statistics"]}}};
       },
       "pipeline: input_statistics.numbers[0]: \"a\" is no number that the steps take"},
      {"one class", [](json& j) { j["classes"] = {"a"}; },
       "pipeline: classes: 1 classes, expected 2"},
      {"equal classes",
       [](json& j) {
         j["classes"] = {"a", "a"};
       },
       "pipeline: classes: the class \"a\" occurs twice"},
  };
  for (const BadDocument& bad : cases) {
    json document = good;
    bad.spoil(document);
    EXPECT_THAT(message_of([&] { Pipeline::from_json(document); }),
                ::testing::StartsWith(bad.message))
        << bad.what;
  }
}

}  // namespace
}  // namespace ebb::preprocessing
