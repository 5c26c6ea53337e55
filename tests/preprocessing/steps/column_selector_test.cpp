// Which columns a step takes.
#include "preprocessing/steps/column_selector.h"

#include "tests/preprocessing/steps/step_support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Table some_columns() {
  Table table;
  table.add(number_column("spend_2023", {1, 2}));
  table.add(text_column("plan", {"a", "b"}));
  table.add(number_column("spend_2024", {3, 4}));
  table.add(text_column("id", {"x", "y"}, ColumnKind::identifier));
  table.add(number_column("churn", {0, 1}));
  return table;
}

const std::vector<std::string> kReserved = {"churn"};

std::vector<std::string> selected(const nlohmann::json& options, ColumnType type) {
  const StepDeclaration declaration = declare("fill", options);
  StepOptions reader(declaration);
  return select_columns(reader, "columns", some_columns(), type, {.reserved = kReserved});
}

TEST(ColumnSelector, TakesNamesPatternsAndTypes) {
  EXPECT_THAT(selected({}, ColumnType::any), ElementsAre("spend_2023", "plan", "spend_2024"));
  EXPECT_THAT(selected({}, ColumnType::category), ElementsAre("plan"));
  EXPECT_THAT(selected({{"columns", {"spend_*"}}}, ColumnType::number),
              ElementsAre("spend_2023", "spend_2024"));
  EXPECT_THAT(selected({{"columns", {"*"}}, {"except", {"*2023"}}}, ColumnType::number),
              ElementsAre("spend_2024"));
  EXPECT_THAT(selected({{"columns", {"spend_2024", "id", "plan"}}}, ColumnType::any),
              ElementsAre("plan", "spend_2024", "id"));
}

TEST(ColumnSelector, RefusesWhatItCannotTake) {
  const auto message = [](const nlohmann::json& options, ColumnType type) {
    return message_of([&] { selected(options, type); });
  };
  EXPECT_THAT(message({{"columns", {"spend_2022"}}}, ColumnType::any),
              HasSubstr("steps.toml:3:1: step \"fill\": columns: there is no column "
                        "\"spend_2022\" at this step. Did you mean \"spend_2023\"?"));
  EXPECT_THAT(message({{"columns", {"plan"}}}, ColumnType::number),
              HasSubstr("column \"plan\" is one of category, this step is for numbers"));
  EXPECT_THAT(message({{"columns", {"churn"}}}, ColumnType::number),
              HasSubstr("column \"churn\" is the target"));
  EXPECT_THAT(message({{"columns", {"*_2025"}}}, ColumnType::any),
              HasSubstr("no column for this step matches \"*_2025\""));
  EXPECT_THAT(message({{"columns", {"plan"}}, {"except", {"plan"}}}, ColumnType::any),
              HasSubstr("no column is left for it"));
  EXPECT_THAT(message({{"columns", "plan"}}, ColumnType::any), HasSubstr("expected an array"));
}

TEST(ColumnSelector, StarsMatchAnyText) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*c*", "abcbc"));
  EXPECT_TRUE(matches("*bc", "abcbc"));
  EXPECT_FALSE(matches("a*b", "abc"));
  EXPECT_FALSE(matches("", "a"));
  // Linear for patterns that make naive matchers try every split.
  std::string stars(40, '*');
  stars.push_back('b');
  EXPECT_FALSE(matches(stars, std::string(100000, 'a')));
}

}  // namespace
}  // namespace ebb::preprocessing
