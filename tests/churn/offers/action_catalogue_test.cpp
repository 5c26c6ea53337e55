#include "apps/churn/offers/action_catalogue.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/offers/action_effects.h"
#include "kernels/common/error.h"
#include "tests/support/message_of.h"

namespace ebb::churn {
namespace {

using preprocessing::number_column;
using preprocessing::Table;
using preprocessing::text_column;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kCatalogue = R"(budget = 500
[[actions]]
name = "call"
cost = 4
effect = 0.1
[[actions.segments]]
effect = 0.25
where = {contract = ["Month-to-month", "One year"], tenure = {below = 12}}
[[actions.segments]]
effect = 0.5
where = {contract = "Two year"}
[[actions]]
name = "a month free"
cost = 60.5
effect = 0.35
)";

TEST(ActionCatalogue, HoldsWhatTheFileSays) {
  const ActionCatalogue catalogue = parse_action_catalogue(kCatalogue, "actions.toml");
  EXPECT_EQ(catalogue.budget, 500.0);
  ASSERT_EQ(catalogue.actions.size(), 2U);
  const Action& call = catalogue.actions[0];
  EXPECT_EQ(call.name, "call");
  EXPECT_EQ(call.cost, 4.0);
  EXPECT_EQ(call.effect, 0.1);
  ASSERT_EQ(call.segments.size(), 2U);
  EXPECT_EQ(call.segments[0].effect, 0.25);
  EXPECT_EQ(describe(call.segments[0]), "contract = Month-to-month or One year, tenure < 12");
  EXPECT_EQ(describe(call.segments[1]), "contract = Two year");
  EXPECT_EQ(catalogue.actions[1].cost, 60.5);
  EXPECT_THAT(catalogue.columns(), ElementsAre("contract", "tenure"));
  EXPECT_FALSE(parse_action_catalogue("[[actions]]\nname='a'\ncost=0\neffect=1", "").budget);
}

std::string refused(const std::string& toml) {
  return ebb::testing::message_of<DataError>([&] { parse_action_catalogue(toml, "a.toml"); });
}

TEST(ActionCatalogue, NamesThePlaceOfWhatIsWrong) {
  EXPECT_THAT(refused("actions = ["), HasSubstr("a.toml:1:"));
  EXPECT_THAT(refused(""), HasSubstr("the key actions is missing"));
  EXPECT_THAT(refused("actions = []"), HasSubstr("a.toml:1:11: actions: there is none"));
  const std::string one = "[[actions]]\nname = 'a'\ncost = 1\neffect = 0.1\n";
  EXPECT_THAT(refused(one + one), HasSubstr("a.toml:6:8: name: \"a\" is there twice"));
  EXPECT_THAT(refused("[[actions]]\nname = 'a'\ncost = -1\neffect = 0.1"),
              HasSubstr("a.toml:3:8: cost: expected a number from 0 to"));
  EXPECT_THAT(refused("[[actions]]\nname = 'a'\ncost = 1\neffect = 10"),
              HasSubstr("a.toml:4:10: effect: expected a number from 0 to 1"));
  EXPECT_THAT(refused("[[actions]]\nname = ''\ncost = 1\neffect = 1"),
              HasSubstr("a.toml:2:8: name"));
  EXPECT_THAT(refused("[[actions]]\nname = 'a'\ncost = 1\nefect = 1"),
              HasSubstr("unknown key \"efect\". Did you mean \"effect\"?"));
  EXPECT_THAT(refused("[[actions]]\nname = 'a'\ncost = 1979-05-27\neffect = 1"),
              HasSubstr("a.toml:3:8: expected a text, a finite number"));
  const auto segment = [&](const std::string& where) {
    return refused(one + "[[actions.segments]]\neffect = 0.1\nwhere = " + where);
  };
  EXPECT_THAT(segment("{}"), HasSubstr("a.toml:7:9: where: it has no column"));
  EXPECT_THAT(segment("{x = []}"), HasSubstr("x: expected a text, or a list of them"));
  EXPECT_THAT(segment("{x = 3}"), HasSubstr("a.toml:7:14: x: expected a text"));
  EXPECT_THAT(segment("{x = {at_least = 3, below = 3}}"), HasSubstr("no number is at least that"));
  EXPECT_THAT(segment("{x = {above = 3}}"), HasSubstr("unknown key \"above\""));
}

TEST(ActionEffects, TheFirstSegmentThatARowMeetsCounts) {
  Table table("t.csv", {2, 3, 4, 5, 6});
  table.add(text_column("contract", {"One year", "Month-to-month", "Two year", "", "One year"}));
  table.add(number_column("tenure", {11.9, 12.0, 1.0, 1.0, std::nan("")}));
  const ActionCatalogue catalogue = parse_action_catalogue(kCatalogue, "actions.toml");
  const std::vector<ActionEffect> effects = effects_of(catalogue.actions[0], table);
  std::vector<double> values;
  for (const ActionEffect& effect : effects) values.push_back(effect.effect);
  EXPECT_THAT(values, ElementsAre(0.25, 0.1, 0.5, 0.1, 0.1));
  EXPECT_EQ(effects[0].segment, &catalogue.actions[0].segments[0]);
  EXPECT_EQ(effects[1].segment, nullptr);
  EXPECT_EQ(effects_of(catalogue.actions[1], table)[2].effect, 0.35);
}

TEST(ActionEffects, ComparesNumbersThatWereReadAsTexts) {
  Table table("t.csv", {2, 3});
  table.add(text_column("contract", {"One year", "One year"}));
  table.add(text_column("tenure", {"5", "50"}));
  const ActionCatalogue catalogue = parse_action_catalogue(kCatalogue, "actions.toml");
  const std::vector<ActionEffect> effects = effects_of(catalogue.actions[0], table);
  EXPECT_EQ(effects[0].effect, 0.25);
  EXPECT_EQ(effects[1].effect, 0.1);
}

TEST(ActionEffects, NamesTheRowWhoseTextIsNoNumber) {
  Table table("t.csv", {2, 3});
  table.add(text_column("worth", {"5", "much"}));
  EXPECT_THAT(ebb::testing::message_of<DataError>([&] { numbers_of(table, "worth", "of worth"); }),
              HasSubstr("t.csv:3: column \"worth\" of worth: \"much\" is no number"));
  EXPECT_THROW(numbers_of(table, "wroth", ""), DataError);
}

}  // namespace
}  // namespace ebb::churn
