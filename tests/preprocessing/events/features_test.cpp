// Features against pandas (tests/data/make_events.py), and what pandas has no part in.
#include "preprocessing/events/features.h"

#include <nlohmann/json.hpp>

#include "tests/preprocessing/events/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const json& fixture() {
  static const json value = ebb::testing::test_json("events.json");
  return value;
}

EventLog fixture_log() {
  return read_log(fixture()["log"].get<std::string>(), {.customer = "customer",
                                                        .time = "when",
                                                        .value = "price",
                                                        .quantity = "pieces",
                                                        .invoice = "invoice",
                                                        .item = "item",
                                                        .return_prefix = "C",
                                                        .categories = {"country"}});
}

Table fixture_table(const EventLog& log, const json& expected) {
  const auto days = [&](const char* name) {
    return expected[name].get<std::int64_t>() * kMicrosecondsPerDay;
  };
  const auto optional_days = [&](const char* name) {
    return days(name) == 0 ? std::nullopt : std::optional(days(name));
  };
  const Windows windows{
      .observe = optional_days("observe"), .gap = days("gap"), .prediction = days("window")};
  const Eligibility eligibility{.least_purchases = expected["least"].get<std::size_t>(),
                                .active_within = optional_days("active"),
                                .customer_since = optional_days("since")};
  const FeaturePlan plan{.recent = {30 * kMicrosecondsPerDay, 90 * kMicrosecondsPerDay},
                         .counted = {{"country", {"UK", "France"}}}};
  const std::vector<Snapshot> snapshots =
      take_snapshots(log, {at(expected["cutoff"].get<std::string>())}, windows, eligibility);
  return customer_table(log, snapshots, windows, plan);
}

void expect_feature(const json& expected, double found, const std::string& where) {
  if (expected.is_null()) {
    EXPECT_TRUE(std::isnan(found)) << where << " is " << found;
  } else {
    // Sums of at most a few hundred terms, in another order than pandas'.
    const double value = expected.get<double>();
    EXPECT_NEAR(found, value, 1e-12 * std::max(1.0, std::abs(value))) << where;
  }
}

TEST(EventFeatures, AreThoseOfPandas) {
  const EventLog log = fixture_log();
  EXPECT_EQ(log.left_out().without_customer, fixture()["left_out"]["customer"].get<std::size_t>());
  EXPECT_EQ(log.left_out().without_time, fixture()["left_out"]["time"].get<std::size_t>());
  EXPECT_EQ(log.events(), fixture()["events"].get<std::size_t>());
  ASSERT_EQ(fixture()["cases"].size(), 3U);
  for (const nlohmann::json document = fixture(); const json& expected : document["cases"]) {
    const Table table = fixture_table(log, expected);
    const auto names = expected["names"].get<std::vector<std::string>>();
    ASSERT_EQ(table.rows(), expected["customers"].size());
    ASSERT_EQ(table.columns().size(), names.size() + 3);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string customer = table.column("customer").text(row);
      ASSERT_EQ(customer, expected["customers"][row].get<std::string>());
      EXPECT_EQ(table.column("cutoff").text(row), expected["cutoff"].get<std::string>());
      EXPECT_EQ(table.column("churn").numbers[row], expected["churn"][row].get<double>());
      for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(table.columns()[i + 2].name, names[i]);
        expect_feature(expected["rows"][row][i], table.columns()[i + 2].numbers[row],
                       fmt::format("{} of {}", names[i], customer));
      }
    }
  }
}

TEST(EventFeatures, HaveTheSameBitsForAnyNumberOfThreads) {
  const json& expected = fixture()["cases"][0];
  std::optional<Table> first;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const EventLog log = fixture_log();
    Table table = fixture_table(log, expected);
    if (!first) first = table;
    expect_equal(table, *first);
  }
}

TEST(EventFeatures, SeveralCutoffsStandOneAfterAnother) {
  const EventLog log = simple_log("who,when\na,2011-01-01\nb,2011-01-15\na,2011-03-01\n");
  const Windows windows{.prediction = 20 * kMicrosecondsPerDay};
  const std::vector<Snapshot> snapshots =
      take_snapshots(log, {at("2011-02-01"), at("2011-01-10")}, windows, {});
  const Table table = customer_table(log, snapshots, windows, {});
  ASSERT_EQ(table.rows(), 3U);
  EXPECT_EQ(table.column("who").text(1), "a");
  EXPECT_EQ(table.column("who").text(2), "b");
  EXPECT_EQ(table.column("cutoff").text(0), "2011-01-10");
  EXPECT_EQ(table.column("cutoff").text(2), "2011-02-01");
  EXPECT_THAT(table.column("recency_days").numbers, ElementsAre(9, 31, 17));
  EXPECT_EQ(table.find("money_total"), nullptr);
  EXPECT_EQ(table.find("returns"), nullptr);
  EXPECT_EQ(table.find("items_distinct"), nullptr);
}

TEST(EventFeatures, WithoutAWindowThereIsNoLabel) {
  const EventLog log = simple_log("who,when\na,2011-01-01\n");
  const Table table = customer_table(log, take_snapshots(log, {at("2011-06-01")}, {}, {}), {}, {});
  EXPECT_EQ(table.rows(), 1U);
  EXPECT_EQ(table.find("churn"), nullptr);
}

TEST(EventFeatures, TheFutureDoesNotShow) {
  const std::string past = "who,when,money\na,2011-01-01,5\nb,2011-01-15,7\na,2011-01-20,1\n";
  const std::string future = "a,2011-02-01,1000\nb,2011-02-03,77\nc,2011-02-04,1\n";
  const auto table = [&](const std::string& text) {
    const EventLog log = simple_log(text);
    return customer_table(log, take_snapshots(log, {at("2011-02-01")}, {}, {}), {}, {});
  };
  const Table before = table(past);
  const Table after = table(past + future);
  ASSERT_EQ(before.names(), after.names());
  for (std::size_t i = 2; i < before.columns().size(); ++i) {
    for (std::size_t row = 0; row < before.rows(); ++row) {
      EXPECT_EQ(before.columns()[i].text(row), after.columns()[i].text(row))
          << before.columns()[i].name;
    }
  }
}

TEST(EventFeatures, LargeMoneyIsExactOrRefused) {
  const auto table = [](std::string_view text) {
    const EventLog log = simple_log(text);
    return customer_table(log, take_snapshots(log, {at("2011-02-01")}, {}, {}), {}, {});
  };
  const Table large =
      table("who,when,money\na,2011-01-01,3e307\na,2011-01-02,1e307\na,2011-01-03,2e307\n");
  EXPECT_NEAR(large.column("money_deviation").numbers[0] / 1e307, std::sqrt(2.0 / 3.0), 1e-15);
  EXPECT_THAT(message_of([&] {
                table("who,when,money\na,2011-01-01,1\nb,2011-01-01,1e308\nb,2011-01-02,1e308\n");
              }),
              HasSubstr("the money of customer \"b\" adds up to more than the largest number"));
}

TEST(EventFeatures, FrequentLevelsAreThoseBeforeTheCutoff) {
  const EventLog log = read_log(
      "who,when,kind\na,2011-01-01,x\na,2011-01-02,z\na,2011-01-02,y\na,2011-01-03,y\n"
      "a,2011-01-04,other\na,2011-02-01,w\na,2011-02-02,w\na,2011-02-02,w\n",
      {.customer = "who", .time = "when", .categories = {"kind"}});
  EXPECT_THAT(frequent_levels(log, "kind", at("2011-02-01"), 9).levels, ElementsAre("y", "x", "z"));
  EXPECT_THAT(frequent_levels(log, "kind", at("2011-02-01"), 1).levels, ElementsAre("y"));
  EXPECT_THAT(frequent_levels(log, "kind", at("2011-03-01"), 1).levels, ElementsAre("w"));
  EXPECT_THAT(message_of([&] { frequent_levels(log, "kin", 0, 1); }),
              HasSubstr("events cannot be counted by \"kin\". Did you mean \"kind\"?"));
}

TEST(EventFeatures, Errors) {
  const EventLog log = simple_log("who,when\na,2011-01-01\n");
  const auto message = [&](const FeaturePlan& plan) {
    return message_of(
        [&] { customer_table(log, take_snapshots(log, {at("2011-02-01")}, {}, {}), {}, plan); });
  };
  EXPECT_EQ(message({.recent = {kMicrosecondsPerDay, kMicrosecondsPerDay}}),
            "the recent window 1d is given twice");
  EXPECT_THAT(message({.recent = {0}}), HasSubstr("has no length"));
  EXPECT_THAT(message({.counted = {{"kind", {}}}}), HasSubstr("cannot be counted by \"kind\""));
}

}  // namespace
}  // namespace ebb::preprocessing
