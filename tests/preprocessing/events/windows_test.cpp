#include "preprocessing/events/windows.h"

#include "tests/preprocessing/events/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kDay = kMicrosecondsPerDay;

/// The customers and labels of a snapshot as "a0 b1".
std::string shown(const EventLog& log, const Snapshot& snapshot) {
  std::string text;
  for (std::size_t i = 0; i < snapshot.customers.size(); ++i) {
    if (i > 0) text += ' ';
    text += log.customer_name(snapshot.customers[i]);
    if (!snapshot.labels.empty()) text += snapshot.labels[i] > 0.5F ? '1' : '0';
  }
  return text;
}

std::string take(const EventLog& log, std::string_view cutoff, const Windows& windows,
                 const Eligibility& eligibility = {}) {
  return shown(log, take_snapshot(log, at(cutoff), windows, eligibility));
}

TEST(Windows, AnEventAtABoundBelongsToWhatBegins) {
  // Of each customer a purchase well before; then one at or beside a bound.
  const EventLog log = simple_log(
      "who,when\na,2011-01-01\nb,2011-01-01\nc,2011-01-01\nd,2011-01-01\ne,2011-01-01\n"
      "a,2011-02-01T00:00:00\nb,2011-01-31T23:59:59.999999\nc,2011-02-11\n"
      "d,2011-02-10T23:59:59.999999\ne,2011-02-05\nf,2011-02-01\nz,2011-03-01\n");
  EXPECT_EQ(take(log, "2011-02-01", {.prediction = 10 * kDay}), "a0 b1 c1 d0 e0");
  // With a gap of 5 days the window is [2011-02-06, 2011-02-16).
  EXPECT_EQ(take(log, "2011-02-01", {.gap = 5 * kDay, .prediction = 10 * kDay}), "a1 b1 c0 d0 e1");
  EXPECT_EQ(take(log, "2011-02-01", {.gap = 4 * kDay, .prediction = 6 * kDay}), "a1 b1 c1 d0 e0");
  // f buys for the first time at the cut-off: not known yet. A microsecond later it is.
  EXPECT_EQ(take(log, "2011-02-01T00:00:00.000001", {.prediction = 9 * kDay}), "a1 b1 c1 d1 e0 f1");
  EXPECT_EQ(take(log, "2011-02-01", {}), "a b c d e");
}

TEST(Windows, TheObservationWindowHidesWhatLiesBeforeIt) {
  const EventLog log =
      simple_log("who,when\na,2011-01-01\nb,2011-01-02\nb,2011-01-20\nz,2011-03-01\n");
  EXPECT_EQ(take(log, "2011-01-31", {.observe = 30 * kDay}), "a b");
  EXPECT_EQ(take(log, "2011-01-31", {.observe = 30 * kDay - 1}), "b");
  EXPECT_EQ(take(log, "2011-01-31", {.observe = 20 * kDay}, {.customer_since = 11 * kDay}), "b");
}

TEST(Windows, RulesOfEligibility) {
  const EventLog log = simple_log(
      "who,when\na,2011-01-01\na,2011-01-11\nb,2011-01-11\nc,2011-01-21\nc,2011-01-21\n"
      "z,2011-03-01\n");
  EXPECT_EQ(take(log, "2011-01-31", {}, {.least_purchases = 2}), "a c");
  EXPECT_EQ(take(log, "2011-01-31", {}, {.active_within = 20 * kDay}), "a b c");
  EXPECT_EQ(take(log, "2011-01-31", {}, {.active_within = 20 * kDay - 1}), "c");
  EXPECT_EQ(take(log, "2011-01-31", {}, {.customer_since = 20 * kDay}), "a b");
  EXPECT_EQ(take(log, "2011-01-31", {}, {.customer_since = 20 * kDay + 1}), "a");
  EXPECT_THAT(message_of([&] { take(log, "2011-01-31", {}, {.least_purchases = 3}); }),
              HasSubstr("no customer is eligible at the cut-off 2011-01-31: none of 4"));
}

TEST(Windows, OnlyPurchasesMakeAndKeepCustomers) {
  const EventColumns columns{
      .customer = "who", .time = "when", .type = "type", .purchase_types = {"buy"}};
  const EventLog log = read_log(
      "who,when,type\na,2011-01-01,buy\na,2011-02-02,view\nb,2011-01-01,view\nb,2011-02-02,buy\n"
      "z,2011-03-01,buy\n",
      columns);
  EXPECT_EQ(take(log, "2011-02-01", {.prediction = 10 * kDay}), "a1");
}

TEST(Windows, AWindowPastTheEndOfTheLogIsRefused) {
  const EventLog log = simple_log("who,when\na,2011-01-01T01:00\na,2011-03-01T12:00\n");
  EXPECT_EQ(take(log, "2011-02-01T12:00", {.prediction = 28 * kDay}), "a1");
  EXPECT_THAT(
      message_of([&] { take(log, "2011-02-02", {.gap = kDay, .prediction = 28 * kDay}); }),
      HasSubstr(
          "the prediction window of cut-off 2011-02-02 ends at 2011-03-03, and the last event of "
          "the log is at 2011-03-01T12:00:00: customers who buy after that would count as gone: "
          "the latest possible cut-off is 2011-01-31T12:00:00.000001"));
  // Whole days: the last one is known to its end.
  const EventLog daily = simple_log("who,when\na,2011-01-01\na,2011-03-01\n");
  EXPECT_EQ(take(daily, "2011-02-02", {.prediction = 28 * kDay}), "a0");
  EXPECT_NE(message_of([&] { take(daily, "2011-02-03", {.prediction = 28 * kDay}); }), "");
}

TEST(Windows, Errors) {
  const EventLog log = simple_log("who,when\na,2011-01-01\na,2011-03-01\n");
  EXPECT_THAT(
      message_of([&] { take(log, "2011-01-01", {}); }),
      HasSubstr("nothing lies before the cut-off 2011-01-01: the first event is at 2011-01-01"));
  EXPECT_NE(message_of([&] { take(log, "2011-02-01", {.prediction = 0}); }), "");
  EXPECT_NE(message_of([&] { take(log, "2011-02-01", {.observe = 0}); }), "");
  EXPECT_NE(message_of([&] { take(log, "2011-02-01", {.gap = -1}); }), "");
  EXPECT_NE(message_of([&] { take(log, "2011-02-01", {}, {.least_purchases = 0}); }), "");
  const auto several = [&](const std::vector<std::int64_t>& cutoffs) {
    return message_of([&] { take_snapshots(log, cutoffs, {}, {}); });
  };
  EXPECT_EQ(several({}), "no cut-off is given");
  EXPECT_EQ(several({at("2011-02-02"), at("2011-02-01"), at("2011-02-02")}),
            "the cut-off 2011-02-02 is given twice");
  const std::vector<Snapshot> snapshots =
      take_snapshots(log, {at("2011-02-02"), at("2011-02-01")}, {}, {});
  EXPECT_LT(snapshots[0].cutoff, snapshots[1].cutoff);
}

}  // namespace
}  // namespace ebb::preprocessing
