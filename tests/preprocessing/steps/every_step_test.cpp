// What holds of every kind of step: its state restores it, threads change nothing, and new rows get
// what training rows got.
#include <cmath>
#include <random>
#include <set>

#include "preprocessing/steps/step_sequence.h"
#include "tests/preprocessing/steps/step_support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::size_t kRows = 3000;

/// Numbers a (some missing), b, c = 2 a + 1 but for noise, copy = b; categories plan, city (some
/// missing), member (yes or no), since (dates, some missing).
Table customers() {
  std::mt19937_64 generator(11);
  std::normal_distribution<double> normal;
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> c;
  std::vector<std::string> plan;
  std::vector<std::string> city;
  std::vector<std::string> member;
  std::vector<std::string> since;
  for (std::size_t row = 0; row < kRows; ++row) {
    a.push_back(row % 11 == 0 ? std::nan("") : normal(generator));
    b.push_back(std::exp(normal(generator)));
    c.push_back(row % 97 == 0 ? 50.0 : (std::isnan(a.back()) ? 0.0 : 2.0 * a.back() + 1.0));
    plan.push_back(row % 3 == 0 ? "basic" : row % 3 == 1 ? " Basic" : "gold");
    city.push_back(row % 13 == 0 ? "" : "city " + std::to_string(row % 40));
    since.push_back(row % 31 == 0 ? "" : "2024-0" + std::to_string(1 + row % 9) + "-17");
    member.push_back(row % 2 == 0 ? "yes" : "no");
  }
  Table table;
  table.add(number_column("a", a));
  table.add(number_column("b", b));
  table.add(number_column("c", c));
  table.add(number_column("copy", b));
  table.add(text_column("plan", plan));
  table.add(text_column("city", city));
  table.add(text_column("member", member));
  table.add(text_column("since", since));
  return table;
}

std::vector<float> labels() {
  std::vector<float> values;
  for (std::size_t row = 0; row < kRows; ++row) values.push_back(row % 5 < 2 ? 1.0F : 0.0F);
  return values;
}

struct StepCase {
  StepDeclaration declaration;
  bool is_out_of_fold = false;  // training rows are encoded otherwise than new ones
};

std::vector<StepCase> cases() {
  const nlohmann::json complete = {"b", "c"};
  return {
      {declare("drop", {{"columns", {"copy"}}})},
      {declare("normalise", {{"case", "fold"}})},
      {declare("range", {{"columns", {"c"}}, {"upper", 40}})},
      {declare("clip", {{"rule", "z_score"}})},
      {declare("clip", {{"rule", "quantile"}, {"treatment", "to_missing"}})},
      {declare("fill", {{"indicator", true}})},
      {declare("forward_fill",
               {{"customer", "city"}, {"time", "since"}, {"columns", {"a", "plan"}}})},
      {declare("neighbours", {{"columns", {"a", "c"}}, {"most_rows", 200}})},
      {declare("encode")},
      {declare("encode", {{"columns", {"city"}}, {"max_levels", 5}, {"unknown", "other_column"}})},
      {declare("encode", {{"method", "ordinal"}, {"order", "lexical"}})},
      {declare("encode",
               {{"method", "ordinal"}, {"columns", {"member"}}, {"levels", {"no", "yes"}}})},
      {declare("encode", {{"method", "frequency"}})},
      {declare("encode", {{"method", "target"}, {"columns", {"city"}}}), true},
      {declare("encode", {{"method", "target"}, {"columns", {"city"}}, {"smoothing", 10}}), true},
      {declare("encode", {{"method", "hash"}, {"buckets", 8}})},
      {declare("encode", {{"method", "boolean"}, {"columns", {"member"}}})},
      {declare("date", {{"columns", {"since"}}, {"parts", {"days", "month", "hour"}}})},
      {declare("scale", {{"method", "yeo_johnson"}})},
      {declare("scale", {{"method", "robust"}})},
      {declare("derive", {{"operation", "ratio"}, {"of", complete}})},
      {declare("interact", {{"columns", complete}})},
      {declare("robust_distance", {{"columns", complete}})},
      {declare("select", {{"most", 3}})},
      {declare("select", {{"rule", "distinct"}})},
      {declare("select", {{"rule", "varying"}, {"largest_share", 0.9}})},
      {declare("select", {{"rule", "uncorrelated"}, {"type", "number"}, {"limit", 0.9}})},
      {declare("select", {{"rule", "important"}, {"most", 4}, {"most_rows", 100}})},
      {declare("pca", {{"columns", complete}})},
  };
}

/// A longer name is more important.
const ImportanceModel kByLength = [](const ImportanceSample&) {
  return [](std::span<const std::string> names) {
    std::vector<double> lengths;
    for (const std::string& name : names) lengths.push_back(static_cast<double>(name.size()));
    return lengths;
  };
};

class EveryStepTest : public ::testing::TestWithParam<StepCase> {
 protected:
  std::unique_ptr<Step> fit_to(Table& table) const {
    const std::vector<float> churn = labels();
    return fit(GetParam().declaration, table,
               {.labels = churn, .importance = &kByLength, .seed = 3});
  }
};

TEST_P(EveryStepTest, AppliesToNewRowsWhatItDidToTrainingRows) {
  Table fitted = customers();
  const auto step = fit_to(fitted);
  Table again = customers();
  step->apply(again);
  if (GetParam().is_out_of_fold) {
    EXPECT_EQ(fitted.names(), again.names());
    EXPECT_NE(fitted.numbers("city"), again.numbers("city"));
  } else {
    expect_equal_tables(fitted, again);
  }
  EXPECT_FALSE(step->summary().empty());
}

TEST_P(EveryStepTest, SurvivesJson) {
  Table fitted = customers();
  const auto step = fit_to(fitted);
  const auto restored = through_json(*step);
  Table expected = customers();
  Table rows = customers();
  step->apply(expected);
  restored->apply(rows);
  expect_equal_tables(expected, rows);
  EXPECT_EQ(step_to_json(*step), step_to_json(*restored));
  EXPECT_EQ(step->summary(), restored->summary());
}

TEST_P(EveryStepTest, NeedsNoMoreThanItSays) {
  Table fitted = customers();
  const auto step = fit_to(fitted);
  for (const std::string& name : fitted.names()) {
    SCOPED_TRACE(name);
    const std::vector<std::string> needed = step->needs({name});
    Table rows = customers();
    std::vector<std::string> others = rows.names();
    std::erase_if(others, [&](const std::string& other) {
      return std::ranges::find(needed, other) != needed.end();
    });
    rows.drop(others);
    step->apply(rows);
    ASSERT_THAT(rows.names(), Contains(name));
    Table whole = customers();
    step->apply(whole);
    for (std::size_t row = 0; row < kRows; row += 101)
      EXPECT_EQ(rows.column(name).text(row), whole.column(name).text(row));
  }
}

TEST_P(EveryStepTest, AnyNumberOfThreadsGivesTheSameStateAndColumns) {
  std::set<std::string> states;
  Table first;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    Table fitted = customers();
    states.insert(step_to_json(*fit_to(fitted)).dump());
    if (threads == 1) first = fitted;
    expect_equal_tables(first, fitted);
  }
  EXPECT_EQ(states.size(), 1U);
}

TEST_P(EveryStepTest, RefusesOptionsThatItDoesNotHave) {
  StepDeclaration declaration = GetParam().declaration;
  declaration.options["colour"] = 1;
  const std::vector<float> churn = labels();
  EXPECT_THAT(refusal(declaration, customers(), {.labels = churn, .importance = &kByLength}),
              HasSubstr("unknown option \"colour\""));
}

INSTANTIATE_TEST_SUITE_P(Steps, EveryStepTest, ::testing::ValuesIn(cases()), [](const auto& test) {
  return test.param.declaration.kind + "_" + std::to_string(test.index);
});

TEST(EveryStep, HasACase) {
  std::set<std::string> tested;
  for (const StepCase& step : cases()) tested.insert(step.declaration.kind);
  for (const StepKind& kind : step_kinds()) EXPECT_THAT(tested, Contains(std::string(kind.name)));
}

TEST(EveryStep, ThatLooksAtLabelsNeedsThem) {
  EXPECT_THAT(refusal(declare("select"), customers()), HasSubstr("there is no target"));
  EXPECT_THAT(refusal(declare("encode", {{"method", "target"}}), customers()),
              HasSubstr("needs a target"));
}

}  // namespace
}  // namespace ebb::preprocessing
