#include "tests/preprocessing/events/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EventLog, SortsByCustomerAndTimeStably) {
  const EventLog log = simple_log(
      "who,when,money\nb,2011-01-02,1\na,2011-01-03,2\nb,2011-01-01,3\na,2011-01-03,4\n"
      "b,2011-01-02,5\n");
  ASSERT_EQ(log.customers(), 2U);
  EXPECT_EQ(log.customer_name(0), "a");
  EXPECT_EQ(log.customer_name(1), "b");
  EXPECT_EQ(log.first(1), 2U);
  EXPECT_THAT(std::vector(log.values().begin(), log.values().end()), ElementsAre(2, 4, 3, 1, 5));
  EXPECT_EQ(log.row(2), 2U);
  EXPECT_EQ(format_timestamp(log.first_time()), "2011-01-01");
  EXPECT_EQ(format_timestamp(log.last_time()), "2011-01-03");
}

TEST(EventLog, IntegersSortAsNumbersAndStaySo) {
  const EventLog log = simple_log("who,when\n10,2011-01-02\n9,2011-01-03\n9000000000,2011-01-03\n");
  EXPECT_EQ(log.customer_name(0), "9");
  EXPECT_EQ(log.customer_name(2), "9000000000");
  const std::vector<std::uint32_t> customers = {0, 2};
  EXPECT_THAT(log.customer_column(customers).integers, ElementsAre(9, 9000000000));
}

TEST(EventLog, LeavesOutWhatHasNoCustomerOrTime) {
  const EventLog log =
      simple_log("who,when\na,2011-01-02\n,2011-01-03\nb,\n,\na,NA\nc,2011-01-05\n");
  EXPECT_EQ(log.left_out().without_customer, 2U);
  EXPECT_EQ(log.left_out().without_time, 2U);
  EXPECT_EQ(log.events(), 2U);
  ASSERT_EQ(log.customers(), 2U);  // none is left of b
  EXPECT_EQ(log.customer_name(1), "c");
  const EventLog integers = simple_log("who,when\n7,2011-01-02\n5,\n3,2011-01-02\n");
  ASSERT_EQ(integers.customers(), 2U);
  EXPECT_EQ(integers.customer_name(0), "3");
  EXPECT_EQ(integers.customer_name(1), "7");
  EXPECT_THAT(message_of([] { simple_log("who,when\n,2011-01-02\na,\n"); }),
              HasSubstr("none of the 2 rows has a customer (\"who\") and a time (\"when\")"));
}

TEST(EventLog, EndsBehindTheLastEventOrItsDay) {
  EXPECT_EQ(simple_log("who,when\na,2011-01-01\na,2011-01-02\n").end(), at("2011-01-03"));
  EXPECT_EQ(simple_log("who,when\na,2011-01-01T01\na,2011-01-02\n").end(), at("2011-01-02") + 1);
}

TEST(EventLog, TellsPurchasesFromReturnsAndOthers) {
  const EventColumns columns{.customer = "who",
                             .time = "when",
                             .value = "price",
                             .quantity = "pieces",
                             .invoice = "invoice",
                             .type = "type",
                             .purchase_types = {"buy"},
                             .return_prefix = "C"};
  const EventLog log = read_log(
      "who,when,invoice,type,price,pieces\na,2011-01-01,1,buy,2,3\na,2011-01-02,C2,buy,2,-3\n"
      "a,2011-01-03,,view,,1\na,2011-01-04,,buy,1,\n",
      columns);
  EXPECT_THAT(
      std::vector(log.kinds().begin(), log.kinds().end()),
      ElementsAre(EventKind::purchase, EventKind::returned, EventKind::other, EventKind::purchase));
  EXPECT_EQ(log.values()[0], 6.0);
  EXPECT_EQ(log.values()[1], -6.0);
  EXPECT_TRUE(std::isnan(log.values()[2]));
  EXPECT_TRUE(std::isnan(log.values()[3]));
}

TEST(EventLog, Errors) {
  const auto message = [](std::string_view text, const EventColumns& columns) {
    return message_of([&] { read_log(text, columns); });
  };
  const EventColumns simple{.customer = "who", .time = "when"};
  EXPECT_THAT(message("who,wen\na,2011-01-01\n", simple), HasSubstr("Did you mean \"wen\"?"));
  EXPECT_THAT(message("who,when\na,2011-01-01\nb,1/2/2011\n", simple),
              HasSubstr(".csv:3: column \"when\": \"1/2/2011\" is not a time"));
  EventColumns money = simple;
  money.value = "price";
  money.quantity = "pieces";
  EXPECT_THAT(
      message("who,when,price,pieces\na,2011-01-01,1e300,1\na,2011-01-01,1e300,-1e300\n", money),
      HasSubstr(".csv:3: column \"pieces\" times column \"price\" is beyond the largest number"));
  EventColumns types = simple;
  types.type = "type";
  types.purchase_types = {"bye"};
  EXPECT_THAT(
      message("who,when,type\na,2011-01-01,buy\n", types),
      HasSubstr(
          "column \"type\" has no type \"bye\", which is to be a purchase. Did you mean \"buy\"?"));
  EventColumns twice = simple;
  twice.value = "when";
  EXPECT_THAT(message("who,when\na,2011-01-01\n", twice),
              HasSubstr("column \"when\" cannot be a number and a text at once"));
  EventColumns alone = simple;
  alone.quantity = "pieces";
  EXPECT_THAT(message("who,when,pieces\na,2011-01-01,1\n", alone),
              HasSubstr("needs a value column"));
}

TEST(EventLog, IsTheSameForAnyNumberOfThreads) {
  std::string text = "who,when,money\n";
  for (int i = 0; i < 30000; ++i) {
    text += fmt::format("{},2011-01-{:02}T{:02}:00,{}\n", i * 7919 % 977, i * 31 % 28 + 1,
                        i * 17 % 24, i);
  }
  std::vector<double> first;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const EventLog log = simple_log(text);
    const std::vector values(log.values().begin(), log.values().end());
    if (threads == 1) first = values;
    ASSERT_EQ(values, first);
    for (std::size_t customer = 0; customer < log.customers(); ++customer) {
      for (std::size_t i = log.first(customer) + 1; i < log.first(customer + 1); ++i) {
        ASSERT_LE(log.times()[i - 1], log.times()[i]);
        if (log.times()[i - 1] == log.times()[i]) {
          ASSERT_LT(log.row(i - 1), log.row(i));
        }
      }
    }
  }
}

}  // namespace
}  // namespace ebb::preprocessing
