// Which columns stay, and what is said of those that go.
#include "preprocessing/selection/selection.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/selection/copies.h"
#include "preprocessing/selection/recursive_elimination.h"
#include "preprocessing/selection/relation.h"
#include "preprocessing/selection/varying.h"
#include "preprocessing/table/labels.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string reason_of(const Selection& selection, const std::string& name) {
  for (const ColumnVerdict& column : selection.columns) {
    if (column.name == name) return column.reason;
  }
  return "no such column";
}

TEST(SelectVarying, ConstantAndNearlyConstantColumnsGo) {
  std::vector<double> rare(100, 0.0);
  rare[7] = -0.0;
  rare[40] = 5.0;
  std::vector<std::string> texts(100, "a");
  texts[3] = texts[50] = "b";
  std::vector<double> half(100, 1.0);
  for (std::size_t i = 0; i < 50; ++i) half[i] = static_cast<double>(i) + 2.0;
  Table table;
  table.add(number_column("rare", rare));
  table.add(number_column("none", std::vector<double>(100, NAN)));
  table.add(text_column("mostly", texts));
  table.add(number_column("half", half));
  EXPECT_THAT(select_varying(table, table.names()).dropped(), ElementsAre("none"));
  const Selection selection = select_varying(table, table.names(), 0.99);
  EXPECT_THAT(selection.kept(), ElementsAre("mostly", "half"));
  EXPECT_EQ(reason_of(selection, "rare"), "\"0\" in 99.00 % of the rows");
  EXPECT_EQ(reason_of(selection, "none"), "no value in every row");
  EXPECT_EQ(selection.columns[2].score, 0.98);
  EXPECT_EQ(selection.columns[3].score, 0.0);  // no majority
  EXPECT_THAT(message_of([&] { select_varying(table, table.names(), 0.5); }),
              HasSubstr("over 0.5, at most 1"));
}

TEST(SelectDistinct, CopiesAffineMapsAndRenamingsGo) {
  Table table;
  table.add(number_column("minutes", {10.5, 0.0, NAN, 33.3, 7.0, 10.5}));
  table.add(text_column("plan", {"a", "b", "", "c", "b", "a"}));
  table.add(number_column("charge", {2.05, -0.05, NAN, 6.61, 1.35, 2.05}));
  table.add(number_column("hours", {10.5, 0.0, 4.0, 33.3, 7.0, 10.5}));  // not missing
  table.add(text_column("tarif", {"x", "y", "", "z", "y", "x"}));
  table.add(text_column("other", {"x", "y", "", "z", "y", "z"}));
  table.add(number_column("code", {3, 1, NAN, 2, 1, 3}));
  table.add(number_column("again", {10.5, -0.0, NAN, 33.3, 7.0, 10.5}));
  table.add(number_column("nearly", {10.5, 0.0, NAN, 33.3, 7.001, 10.5}));
  table.add(text_column("plan2", {"a", "b", "", "c", "b", "a"}));
  const Selection selection = select_distinct(table, table.names());
  EXPECT_THAT(selection.kept(), ElementsAre("minutes", "plan", "hours", "other", "nearly"));
  EXPECT_EQ(reason_of(selection, "charge"), "is 0.2 times \"minutes\" - 0.05");
  EXPECT_EQ(reason_of(selection, "again"), "equals \"minutes\"");
  EXPECT_EQ(reason_of(selection, "tarif"), "has the levels, under other names, of \"plan\"");
  EXPECT_EQ(reason_of(selection, "plan2"), "equals \"plan\"");
  EXPECT_EQ(reason_of(selection, "code"), "has the levels, under other names, of \"plan\"");
}

TEST(SelectDistinct, WithoutTwoValuesNothingIsACopy) {
  Table table;
  table.add(number_column("a", {1, 1, NAN}));
  table.add(number_column("b", {1, 1, NAN}));
  table.add(text_column("c", {"x", "x", ""}));
  table.add(text_column("d", {"y", "y", ""}));
  EXPECT_THAT(select_distinct(table, table.names()).dropped(), IsEmpty());
}

TEST(SelectDistinct, AffineMapsAtTheEdgesOfTheNumbers) {
  const std::vector<double> large = {1e308, -1e308, 5e307};
  EXPECT_FALSE(affine_map(large, std::vector<double>{1, -1, 0.5}));  // no finite width
  EXPECT_FALSE(affine_map(std::vector<double>{1e200, 3e200, 2e200},
                          std::vector<double>{-1e-200, -3e-200, -2e-200}));  // nor slope
  EXPECT_FALSE(affine_map(std::vector<double>{1, 2}, std::vector<double>{3, 3}));
}

/// 200 rows: "near" follows the label, "far" does not, "curve" does with its square.
struct Customers {
  Table table;
  std::vector<float> labels;

  Customers() {
    std::vector<double> near;
    std::vector<double> twice;
    std::vector<double> far;
    std::vector<double> curve;
    std::vector<std::string> plan;
    for (int i = 0; i < 200; ++i) {
      const bool leaves = i % 4 == 0;
      labels.push_back(leaves ? 1.0F : 0.0F);
      near.push_back((leaves ? 10.0 : 0.0) + i % 7);
      twice.push_back(2.0 * near.back() + i % 3);
      far.push_back(i % 5);
      curve.push_back((i % 8 < 4 ? 1.0 : -1.0) * (leaves ? 5.0 : 1.0));
      plan.push_back(leaves || i % 9 == 0 ? "short" : "long");
    }
    table.add(number_column("far", far));
    table.add(number_column("twice", twice));
    table.add(number_column("near", near));
    table.add(number_column("curve", curve));
    table.add(text_column("plan", plan));
    table.add(number_column("one", std::vector<double>(200, 0.1)));
  }
};

TEST(SelectRelated, EachRelationRanks) {
  const Customers customers;
  const std::vector<std::string> names = customers.table.names();
  const auto kept = [&](Relation relation, std::size_t most) {
    return select_related(customers.table, names, customers.labels,
                          {.relation = relation, .most = most, .least = 0.0})
        .kept();
  };
  EXPECT_THAT(kept(Relation::pearson, 3), ElementsAre("twice", "near", "plan"));
  EXPECT_THAT(kept(Relation::spearman, 2), ElementsAre("near", "plan"));
  EXPECT_THAT(kept(Relation::mutual_information, 3), ElementsAre("twice", "near", "curve"));
  EXPECT_THAT(kept(Relation::cramers_v, 1), ElementsAre("curve"));
  const std::vector<double> scores =
      relations_to_label(customers.table, names, customers.labels, Relation::pearson);
  EXPECT_EQ(scores[5], 0.0);
  EXPECT_EQ(scores[3], 0.0);
}

TEST(SelectRelated, AScoreBelowTheLeastGoes) {
  const Customers customers;
  const Selection selection =
      select_related(customers.table, customers.table.names(), customers.labels, {.least = 0.5});
  EXPECT_THAT(selection.kept(), ElementsAre("twice", "near", "plan"));
  EXPECT_THAT(reason_of(selection, "one"),
              HasSubstr("pearson with the label is 0.0000, below 0.5"));
}

TEST(SelectRelated, NamesAndLengths) {
  const Customers customers;
  EXPECT_EQ(parse_relation(relation_name(Relation::cramers_v)), Relation::cramers_v);
  EXPECT_THAT(message_of([] { parse_relation("r"); }), HasSubstr("use pearson, spearman"));
  EXPECT_THAT(message_of([&] {
                select_related(customers.table, std::vector<std::string>{"nears"}, customers.labels,
                               {});
              }),
              HasSubstr("Did you mean \"near\"?"));
}

TEST(SelectUncorrelated, TheOneMoreRelatedToTheLabelStays) {
  const Customers customers;
  const Selection selection =
      select_uncorrelated(customers.table, customers.table.names(), customers.labels, 0.9);
  EXPECT_THAT(selection.dropped(), ElementsAre("twice"));
  EXPECT_THAT(reason_of(selection, "twice"), HasSubstr("with \"near\", which is no less related"));
  EXPECT_THAT(select_uncorrelated(customers.table, customers.table.names(), customers.labels, 1.0)
                  .dropped(),
              IsEmpty());
  EXPECT_THAT(message_of([&] { select_uncorrelated(customers.table, {}, customers.labels, 2.0); }),
              HasSubstr("choose one from 0 to 1"));
}

TEST(EliminateRecursively, TheLeastImportantGoesFirst) {
  const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  std::vector<std::size_t> sizes;
  // Without "d", "a" is of no use.
  const auto importance = [&](std::span<const std::string> asked) {
    sizes.push_back(asked.size());
    const bool has_d = std::find(asked.begin(), asked.end(), "d") != asked.end();
    std::vector<double> scores;
    for (const std::string& name : asked) {
      scores.push_back(name == "a" && !has_d ? 0.0 : static_cast<double>('z' - name[0]));
    }
    return scores;
  };
  const Selection selection = eliminate_recursively(names, importance, {.keep = 2, .per_round = 1});
  EXPECT_THAT(selection.kept(), ElementsAre("b", "c"));
  EXPECT_THAT(sizes, ElementsAre(5, 4, 3, 2));
  EXPECT_EQ(reason_of(selection, "e"), "the least important of 5 in round 1");
  EXPECT_EQ(reason_of(selection, "a"), "the least important of 3 in round 3");
  EXPECT_EQ(selection.columns[0].score, 0.0);
  sizes.clear();
  EXPECT_THAT(eliminate_recursively(names, importance, {.keep = 1, .per_round = 3}).kept(),
              ElementsAre("b"));
  EXPECT_THAT(sizes, ElementsAre(5, 2, 1));
}

TEST(EliminateRecursively, TiesAndFaults) {
  const std::vector<std::string> names = {"a", "b", "c"};
  const auto all_equal = [](std::span<const std::string> asked) {
    return std::vector<double>(asked.size(), 1.0);
  };
  EXPECT_THAT(eliminate_recursively(names, all_equal, {}).kept(), ElementsAre("a"));
  const auto constant = [](std::span<const std::string> asked) {
    std::vector<double> scores(asked.size(), -1.0);
    if (asked.front() == "a") scores.front() = NAN;
    return scores;
  };
  const Selection without = eliminate_recursively(names, constant, {.keep = 2, .per_round = 1});
  EXPECT_THAT(without.kept(), ElementsAre("b", "c"));
  EXPECT_EQ(without.columns[0].reason, "can be no feature");
  EXPECT_EQ(without.columns[0].score, 0.0);
  const auto few = [](std::span<const std::string>) { return std::vector<double>{1}; };
  EXPECT_THAT(message_of<Error>([&] { eliminate_recursively(names, few, {}); }),
              HasSubstr("1 importances for 3 columns"));
  EXPECT_THAT(message_of([&] { eliminate_recursively(names, all_equal, {.keep = 0}); }),
              HasSubstr("choose 1 or more"));
}

TEST(Selection, JsonKeepsEveryBit) {
  const Customers customers;
  const Selection selection = select_related(customers.table, customers.table.names(),
                                             customers.labels, {.most = 2, .least = 0.0});
  const nlohmann::json document = ebb::testing::through_text(to_json(selection));
  EXPECT_EQ(selection_from_json(JsonReader(document)), selection);
  nlohmann::json bad = document;
  bad["columns"][1]["name"] = "far";
  EXPECT_THAT(message_of([&] { selection_from_json(JsonReader(bad)); }), HasSubstr("there twice"));
  bad = document;
  bad["columns"][0]["reason"] = "";
  EXPECT_THAT(message_of([&] { selection_from_json(JsonReader(bad)); }), HasSubstr("has a reason"));
}

TEST(Selection, JsonKeepsTheRoundOfAColumnThatWent) {
  const std::vector<std::string> names = {"a", "b"};
  const auto importance = [](std::span<const std::string> asked) {
    return std::vector<double>(asked.size(), 0.1);
  };
  const Selection selection = eliminate_recursively(names, importance, {});
  const nlohmann::json document = ebb::testing::through_text(to_json(selection));
  EXPECT_EQ(selection_from_json(JsonReader(document)), selection);
  EXPECT_EQ(document["columns"][1]["round"], 1);
  nlohmann::json bad = document;
  bad["columns"][0]["round"] = 1;
  EXPECT_THAT(message_of([&] { selection_from_json(JsonReader(bad)); }),
              HasSubstr("columns[0].round: expected 1 or more"));
}

TEST(Selection, AnyThreadsGiveTheSame) {
  const Customers customers;
  const std::vector<std::string> names = customers.table.names();
  const auto select = [&] {
    return std::vector<Selection>{
        select_varying(customers.table, names, 0.9), select_distinct(customers.table, names),
        select_related(customers.table, names, customers.labels, {.most = 2, .least = 0.0}),
        select_uncorrelated(customers.table, names, customers.labels, 0.9)};
  };
  const ThreadCount one(1);
  const std::vector<Selection> expected = select();
  for (int threads = 2; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    EXPECT_EQ(select(), expected);
  }
}

TEST(Selection, TelecomCharges) {
  EBB_REAL_DATA(path, "mlc_churn.csv");
  const Table table = read_csv(path);
  const Labels labels = parse_labels(table, "churn");
  std::vector<std::string> names = table.names();
  std::erase(names, "churn");
  // Charges are minutes times a price, rounded to cents: no exact maps, but r above 0.999.
  EXPECT_THAT(select_distinct(table, names).dropped(), IsEmpty());
  const Selection selection = select_uncorrelated(table, names, labels.values, 0.99);
  EXPECT_EQ(selection.dropped().size(), 4U);
}

}  // namespace
}  // namespace ebb::preprocessing
