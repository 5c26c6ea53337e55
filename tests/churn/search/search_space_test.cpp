#include "apps/churn/search/search_space.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/config/config_file.h"
#include "apps/churn/search/search_space_file.h"
#include "kernels/common/error.h"
#include "tests/support/message_of.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kSpace = R"([search."training.learning_rate"]
low = 1e-4
high = 1e-2
log = true
points = 3
[search."model.layers"]
low = 1
high = 4
[search."model.number_embedding"]
values = ["linear", "piecewise_linear", "periodic"]
[search."model.bins"]
values = [8, 16, 32]
when = {"model.number_embedding" = ["piecewise_linear"]}
[search."model.residual_dropout"]
low = 0
high = 0.5
points = 2
also = ["model.attention_dropout"]
)";

SearchSpace space_of(const std::string& toml, const RunConfig& base = {}) {
  return parse_search_space(toml, "space.toml", base);
}

// Parameters are in the order of their names: bins, layers, number_embedding, residual_dropout,
// learning_rate.
TEST(SearchSpace, HoldsWhatTheFileSays) {
  const SearchSpace space = space_of(kSpace);
  std::vector<std::string> names;
  for (const SearchParameter& parameter : space.parameters()) names.push_back(parameter.name);
  EXPECT_THAT(names, ElementsAre("model.bins", "model.layers", "model.number_embedding",
                                 "model.residual_dropout", "training.learning_rate"));
  EXPECT_TRUE(space.parameters()[1].range.whole);
  EXPECT_TRUE(space.parameters()[4].range.log);
  EXPECT_EQ(describe(space.at(std::vector{0.5, 0.99, 0.5, 0.5, 0.5})),
            "model.bins = 16, model.layers = 4, model.number_embedding = \"piecewise_linear\", "
            "model.residual_dropout = 0.25, training.learning_rate = 0.001");
  EXPECT_EQ(describe(space.at(std::vector{0.5, 0.0, 0.0, 0.0, 1.0})),
            "model.layers = 1, model.number_embedding = \"linear\", model.residual_dropout = 0, "
            "training.learning_rate = 0.01");
}

TEST(SearchSpace, KnowsThePointOfAnAssignment) {
  const SearchSpace space = space_of(kSpace);
  for (const double coordinate : {0.0, 0.21, 0.5, 0.77, 1.0}) {
    const Assignment assignment = space.at(std::vector(5, coordinate));
    const Assignment again = space.at(space.point_of(assignment));
    EXPECT_EQ(describe(again), describe(assignment));
    for (const auto& [name, value] : assignment) EXPECT_TRUE(space.contains(name, value)) << name;
  }
  EXPECT_FALSE(space.contains("model.layers", std::int64_t{5}));
  EXPECT_FALSE(space.contains("model.bins", std::int64_t{9}));
  EXPECT_FALSE(space.contains("model.dim", std::int64_t{64}));
  EXPECT_FALSE(space.contains("model.layers", 2.0));
}

TEST(SearchSpace, ComparesNamesByOneNumberEach) {
  const SearchSpace space = space_of(kSpace);
  EXPECT_THAT(space.feature_parameters(), ElementsAre(0, 1, 2, 2, 2, 3, 4));
  const auto features = space.features(space.at(std::vector{0.9, 0.3, 0.5, 1.0, 0.25}));
  EXPECT_THAT(features, ElementsAre(5.0 / 6, 0.375, 0, ::testing::DoubleNear(0.7071, 1e-4), 0, 1,
                                    ::testing::DoubleNear(0.25, 1e-12)));
  EXPECT_EQ(space.features(space.at(std::vector{0.9, 0.3, 0.0, 1.0, 0.25}))[0], 0.5);
}

TEST(SearchSpace, HasAGridOfValuesAndEnds) {
  const SearchSpace space = space_of(kSpace);
  const std::vector<Assignment> grid = space.grid(1000);
  EXPECT_THAT(grid, SizeIs(3 * 4 * (1 + 1 + 3) * 2));
  std::set<double> rates;
  for (const Assignment& assignment : grid) {
    rates.insert(std::get<double>(assignment.at("training.learning_rate")));
  }
  EXPECT_THAT(rates, ElementsAre(1e-4, ::testing::DoubleNear(1e-3, 1e-12), 1e-2));
  EXPECT_THAT(message_of<DataError>([&] { (void)space.grid(100); }),
              HasSubstr("the grid has more than 100 combinations"));
}

TEST(SearchSpace, ChangesAConfiguration) {
  const RunConfig base;
  const SearchSpace space = space_of(kSpace);
  const RunConfig config = configure(base, space, space.at(std::vector{0.5, 0.99, 0.5, 0.5, 1.0}));
  EXPECT_EQ(config.model.bins, 16);
  EXPECT_EQ(config.model.layers, 4);
  EXPECT_EQ(config.model.number_embedding, NumberEmbedding::piecewise_linear);
  EXPECT_EQ(config.model.residual_dropout, 0.25);
  EXPECT_EQ(config.model.attention_dropout, 0.25);
  EXPECT_EQ(config.model.activation_dropout, base.model.activation_dropout);
  EXPECT_EQ(config.training.learning_rate, 1e-2);
}

TEST(SearchSpace, FindsTheSettingsThatAre) {
  const RunConfig base;
  const SearchSpace space = space_of(kSpace);
  EXPECT_EQ(describe(assignment_of(base, space).value()),
            "model.layers = 2, model.number_embedding = \"periodic\", model.residual_dropout = "
            "0.1, training.learning_rate = 0.001");
  RunConfig outside = base;
  outside.training.learning_rate = 0.5;
  EXPECT_FALSE(assignment_of(outside, space));
  outside = base;
  outside.model.attention_dropout = 0.3;  // not as residual_dropout
  EXPECT_FALSE(assignment_of(outside, space));
}

TEST(SearchSpace, SearchesSteps) {
  const RunConfig base;
  const SearchSpace space = space_of(
      "[search.\"preprocessing.steps\"]\n"
      "values = [[], [{step = \"clip\", columns = [\"a\"]}, {step = \"pca\"}]]");
  EXPECT_FALSE(space.parameters()[0].is_ordered());
  const Assignment assignment = space.at(std::vector{0.9});
  EXPECT_EQ(describe(assignment), "preprocessing.steps = [clip, pca]");
  const RunConfig config = configure(base, space, assignment);
  ASSERT_THAT(config.preprocessing.steps, SizeIs(2));
  EXPECT_EQ(config.preprocessing.steps[0].options.dump(), R"({"columns":["a"]})");
  const SettingValue& steps = assignment.at("preprocessing.steps");
  EXPECT_EQ(setting_value(json_of(steps), steps), steps);
  EXPECT_EQ(describe(assignment_of(base, space).value()), "preprocessing.steps = []");
}

TEST(SearchSpace, HasADefault) {
  const SearchSpace space = space_of(std::string(default_search_space()));
  EXPECT_TRUE(assignment_of(RunConfig{}, space));
  EXPECT_THAT(space.grid(1'000'000), ::testing::Not(SizeIs(0)));
}

std::string refused(const std::string& toml) {
  return message_of<DataError>([&] { space_of(toml); });
}

TEST(SearchSpace, NamesThePlaceOfWhatIsWrong) {
  EXPECT_THAT(refused("[search"), HasSubstr("space.toml:1:"));
  EXPECT_THAT(refused(""), HasSubstr("the key search is missing"));
  EXPECT_THAT(refused("[search]"), HasSubstr("no setting is searched"));
  EXPECT_THAT(refused("x = 1"), HasSubstr("space.toml:1:5: x: unknown key \"x\""));
  EXPECT_THAT(
      refused("\n[search.\"model.dmi\"]\nvalues = [1, 2]"),
      ::testing::AllOf(HasSubstr("space.toml:2:1: "), HasSubstr("Did you mean \"model.dim\"?")));
  EXPECT_THAT(refused("[search.model.dim]\nvalues = [1, 2]"),
              HasSubstr("write the setting's whole name in quotes: [search.\"model.dim\"]"));
  EXPECT_THAT(refused("[search.\"training.seed\"]\nlow = 0\nhigh = 9"),
              HasSubstr("it cannot be searched"));
  EXPECT_THAT(refused("[search.\"preprocessing.steps\"]\nvalues = [[], [{kind = \"pca\"}]]"),
              HasSubstr("space.toml:2:15: 1: [{\"kind\":\"pca\"}] is not a list of tables"));
  EXPECT_THAT(refused("[search.\"data.missing_tokens\"]\nvalues = [[], [\"x\"]]"),
              HasSubstr("it cannot be searched"));
  const auto layers = [](const std::string& rest) {
    return refused("[search.\"model.layers\"]\n" + rest);
  };
  EXPECT_THAT(layers("low = 1"), HasSubstr("the key high is missing"));
  EXPECT_THAT(layers("low = 1\nhihg = 2"), HasSubstr("Did you mean \"high\"?"));
  EXPECT_THAT(layers("low = 0\nhigh = 2"),
              HasSubstr("space.toml:2:7: low: 0 is not a whole number from 1 to 128"));
  EXPECT_THAT(layers("low = 1.5\nhigh = 2"), HasSubstr("low: 1.5 is not a whole number"));
  EXPECT_THAT(layers("low = 3\nhigh = 3"),
              HasSubstr("space.toml:3:8: high: expected more than low"));
  EXPECT_THAT(layers("low = 1\nhigh = 3\nwhole = false"),
              HasSubstr("the setting is a whole number"));
  EXPECT_THAT(layers("low = 1\nhigh = 3\npoints = 1"),
              HasSubstr("points: expected a number from 2"));
  EXPECT_THAT(layers("low = 1\nhigh = 3\nlog = 1"), HasSubstr("log: expected true or false"));
  EXPECT_THAT(layers("values = [2]"), HasSubstr("expected 2 values at least"));
  EXPECT_THAT(layers("values = [2, 2]"), HasSubstr("space.toml:2:14: 1: it is there twice"));
  EXPECT_THAT(layers("values = [2, \"two\"]"), HasSubstr("\"two\" is not a whole number"));
  EXPECT_THAT(layers("values = [2, 3]\nwhen = {\"model.dim\" = 8}"),
              HasSubstr("a condition names another setting that is searched"));
  EXPECT_THAT(layers("values = [2, 3]\nalso = [\"model.pre_norm\"]"),
              HasSubstr("it is true or false, model.layers is a whole number"));
  EXPECT_THAT(refused("[search.\"training.weight_decay\"]\nlow = 0\nhigh = 1\nlog = true"),
              HasSubstr("space.toml:2:7: low: a range with log = true begins above 0"));
  EXPECT_THAT(refused("[search.\"model.activation\"]\nlow = 1\nhigh = 2"),
              HasSubstr("it is no number: give values = [...], one of \"identity\""));
  const std::string dim = "[search.\"model.dim\"]\nvalues = [4, 8]\n";
  EXPECT_THAT(refused(dim + "[search.\"model.layers\"]\nvalues = [2, 3]\nalso = [\"model.dim\"]"),
              HasSubstr("model.dim is searched twice"));
  EXPECT_THAT(
      refused(dim + "when = {\"model.layers\" = 2}\n[search.\"model.layers\"]\nvalues = [2, "
                    "3]\nwhen = {\"model.dim\" = 4}"),
      HasSubstr("its condition depends on itself"));
}

}  // namespace
}  // namespace ebb::churn
