#include "preprocessing/split/group_split.h"

#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/split/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Groups of 1 to `largest` rows, in random order of rows, with labels that differ by group.
struct GroupedRows {
  Groups groups;
  std::vector<float> labels;

  GroupedRows(std::size_t count, std::uint64_t largest, std::uint64_t seed) {
    SplitMix64 generator(seed);
    for (std::uint32_t group = 0; group < count; ++group) {
      const std::uint64_t rows = 1 + generator.below(largest);
      groups.of_row.insert(groups.of_row.end(), rows, group);
    }
    groups.count = count;
    shuffle(std::span(groups.of_row), generator);
    for (const std::uint32_t group : groups.of_row) {
      labels.push_back(generator.below(10) < (group % 3 == 0 ? 6U : 1U) ? 1.0F : 0.0F);
    }
  }

  std::set<std::uint32_t> groups_of(const std::vector<std::size_t>& rows) const {
    std::set<std::uint32_t> found;
    for (const std::size_t row : rows) found.insert(groups.of_row[row]);
    return found;
  }
};

/// The largest difference between a fold's share of a class and an even one.
double unevenness(const std::vector<std::uint32_t>& fold_of_row, std::uint32_t folds,
                  const std::vector<float>& labels) {
  double worst = 0.0;
  for (const float label : {0.0F, 1.0F}) {
    std::vector<double> counts(folds);
    double all = 0.0;
    for (std::size_t row = 0; row < labels.size(); ++row) {
      if (labels[row] != label) continue;
      ++counts[fold_of_row[row]];
      ++all;
    }
    for (const double count : counts) worst = std::max(worst, std::abs(count / all - 1.0 / folds));
  }
  return worst;
}

TEST(GroupRows, EqualValuesOfAnyKindAreAGroup) {
  Table table = read_text("id,plan,x\n7,b,1.5\n9,a,0\n7,b,-0\n8,c,1.5\n",
                          {.columns = {{"id", DeclaredKind::identifier}}});
  ASSERT_TRUE(table.column("id").has_integers());
  EXPECT_THAT(group_rows(table, "id").of_row, ElementsAre(0, 2, 0, 1));
  EXPECT_THAT(group_rows(table, "plan").of_row, ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(group_rows(table, "x").of_row, ElementsAre(1, 0, 0, 1));
  EXPECT_EQ(group_rows(table, "x").count, 2U);
  // A level that no row has any more is no group.
  table.keep_rows(std::vector<std::size_t>{1, 3});
  EXPECT_THAT(group_rows(table, "plan").of_row, ElementsAre(0, 1));
  EXPECT_EQ(group_rows(table, "plan").count, 2U);
}

TEST(GroupRows, Errors) {
  const Table table = read_text("plan,x\na,1.5\n,0\na,\n");
  EXPECT_THAT(message_of([&] { group_rows(table, "plan"); }),
              HasSubstr(".csv:3: column \"plan\" groups the rows, and its value is missing"));
  EXPECT_THAT(message_of([&] { group_rows(table, "x"); }), HasSubstr(".csv:4: column \"x\""));
  EXPECT_THAT(message_of([&] { group_rows(table, "plans"); }), HasSubstr("Did you mean \"plan\""));
}

TEST(GroupSplit, DividesNoGroupAndKeepsSharesOfRowsAndClasses) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GroupedRows rows(400, 9, seed);
    const Split split = group_split(rows.groups, rows.labels, {0.15, 0.2, seed});
    expect_partition(split, rows.labels.size());
    const auto total = static_cast<double>(rows.labels.size());
    const auto positives =
        static_cast<double>(std::count(rows.labels.begin(), rows.labels.end(), 1.0F));
    std::size_t groups = 0;
    for (const auto& [part, share] :
         {std::pair{&split.train, 0.65}, {&split.validation, 0.15}, {&split.test, 0.2}}) {
      groups += rows.groups_of(*part).size();
      EXPECT_NEAR(static_cast<double>(part->size()) / total, share, 0.005);
      EXPECT_NEAR(static_cast<double>(positives_in(*part, rows.labels)) / positives, share, 0.005);
    }
    EXPECT_EQ(groups, 400U);
  }
}

TEST(GroupSplit, LargeGroupsAreInEveryPart) {
  // 300 groups of one row, 100 of nine: each part has a quarter of large ones.
  GroupedRows rows(0, 1, 0);
  for (std::uint32_t group = 0; group < 400; ++group) {
    rows.groups.of_row.insert(rows.groups.of_row.end(), group % 4 == 0 ? 9 : 1, group);
  }
  rows.groups.count = 400;
  rows.labels = labels_of(900, 300);
  const Split split = group_split(rows.groups, rows.labels, {0.2, 0.2, 1});
  for (const auto* part : {&split.validation, &split.test}) {
    const auto large = std::count_if(part->begin(), part->end(), [&](std::size_t row) {
      return rows.groups.of_row[row] % 4 == 0;
    });
    EXPECT_NEAR(static_cast<double>(large) / 9.0, 20.0, 3.0);
  }
}

TEST(GroupSplit, TheSeedDecidesAndEveryGroupIsTestedAsOften) {
  GroupedRows rows(40, 1, 3);
  rows.labels = labels_of(20, 20);
  EXPECT_EQ(group_split(rows.groups, rows.labels, {0.2, 0.25, 8}).test,
            group_split(rows.groups, rows.labels, {0.2, 0.25, 8}).test);
  std::vector<int> tested(40);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const std::size_t row : group_split(rows.groups, rows.labels, {0.2, 0.25, seed}).test) {
      ++tested[rows.groups.of_row[row]];
    }
  }
  for (const int count : tested) EXPECT_NEAR(count, 500, 90);  // over four deviations of 19.4
}

TEST(GroupSplit, FewGroupsGiveEachPartOne) {
  const Groups groups{{0, 0, 0, 0, 1, 1, 2, 2}, 3};
  const std::vector<float> labels = {0, 1, 0, 1, 0, 1, 0, 1};
  const Split split = group_split(groups, labels, {0.05, 0.05, 0});
  EXPECT_THAT(split.train, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(split.validation.size(), 2U);
  EXPECT_EQ(split.test.size(), 2U);
  EXPECT_TRUE(group_split(groups, labels, {0.3, 0.0, 0}).test.empty());
}

TEST(GroupSplit, Errors) {
  const Groups two{{0, 0, 1, 1}, 2};
  const std::vector<float> labels = {0, 1, 0, 1};
  EXPECT_EQ(message_of([&] {
              group_split(two, labels, {0.2, 0.2, 0});
            }),
            "2 groups cannot be split into 3 parts: expected one for each at least");
  EXPECT_EQ(message_of([&] {
              group_split({{0, 0, 0, 0}, 1}, labels, {0.2, 0.0, 0});
            }),
            "1 group cannot be split into 2 parts: expected one for each at least");
  EXPECT_THAT(message_of([&] {
                group_split(two, std::vector<float>(4), {0.5, 0.0, 0});
              }),
              HasSubstr("hold 0 positive and 2 negative labels"));
  EXPECT_THAT(message_of([&] {
                group_split(two, labels, {0.2, 1.2, 0});
              }),
              HasSubstr("the test fraction is 1.2"));
}

TEST(GroupFolds, ErrorsAndSeed) {
  const GroupedRows rows(30, 4, 1);
  EXPECT_EQ(group_folds(rows.groups, 5, 2), group_folds(rows.groups, 5, 2));
  EXPECT_NE(group_folds(rows.groups, 5, 2), group_folds(rows.groups, 5, 3));
  EXPECT_EQ(message_of([&] { group_folds(rows.groups, 31, 0); }),
            "31 folds of 30 groups: expected at least 2 folds and a group for each");
  const Groups groups{{0, 1, 2, 3}, 4};
  EXPECT_EQ(message_of([&] {
              stratified_group_folds(groups, std::vector<float>{0, 0, 0, 1}, 2, 0);
            }),
            "2 folds of 4 groups, of which 1 hold a row of the rarer class: expected at least 2 "
            "folds and as many groups with rows of each class");
}

TEST(GroupFolds, FollowScikitLearn) {
  const json fixture = ebb::testing::test_json("splits.json");
  ASSERT_EQ(fixture["group"].size(), 5U);
  for (const json& one : fixture["group"]) {
    SCOPED_TRACE(one["name"].get<std::string>());
    Groups groups{one["groups"].get<std::vector<std::uint32_t>>(), 0};
    groups.count = 1 + *std::max_element(groups.of_row.begin(), groups.of_row.end());
    const auto labels = one["labels"].get<std::vector<float>>();
    const auto folds = one["folds"].get<std::uint32_t>();
    std::vector<double> uneven;
    for (std::uint64_t seed = 0; seed < 11; ++seed) {
      const auto plain = group_folds(groups, folds, seed);
      std::vector<std::size_t> sizes = fold_sizes(plain, folds);
      std::sort(sizes.begin(), sizes.end());
      EXPECT_EQ(sizes, one["group_k_fold_sizes"].get<std::vector<std::size_t>>());
      const auto stratified = stratified_group_folds(groups, labels, folds, seed);
      uneven.push_back(unevenness(stratified, folds, labels));
      for (const auto& fold_of_row : {plain, stratified}) {
        std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
        for (std::size_t row = 0; row < labels.size(); ++row) {
          pairs.emplace(groups.of_row[row], fold_of_row[row]);
        }
        EXPECT_EQ(pairs.size(), groups.count);
      }
    }
    std::nth_element(uneven.begin(), uneven.begin() + 5, uneven.end());
    EXPECT_LE(uneven[5], one["stratified_group_k_fold_unevenness"].get<double>() + 1e-12);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
