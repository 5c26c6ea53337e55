// The real logs give the customers and churn rates that were counted by hand before.
#include "preprocessing/events/windows.h"
#include "tests/preprocessing/events/support.h"

namespace ebb::preprocessing {
namespace {

TEST(RealLogs, OnlineRetail) {
  EBB_REAL_DATA(path, "online_retail.csv.xz");
  const EventColumns columns{.customer = "CustomerID",
                             .time = "InvoiceDate",
                             .value = "UnitPrice",
                             .quantity = "Quantity",
                             .invoice = "InvoiceNo",
                             .return_prefix = "C"};
  const EventLog log(read_csv(path, columns.reading(std::nullopt)), columns);
  EXPECT_EQ(log.left_out().without_customer, 135080U);
  EXPECT_EQ(log.left_out().without_time, 0U);
  EXPECT_EQ(log.customers(), 4372U);
  const std::vector<Snapshot> snapshots = take_snapshots(log, {at("2011-06-10"), at("2011-09-09")},
                                                         {.prediction = parse_duration("91d")}, {});
  EXPECT_EQ(snapshots[0].customers.size(), 2800U);
  EXPECT_EQ(snapshots[1].customers.size(), 3362U);
  EXPECT_NEAR(snapshots[0].churn_rate(), 0.520, 0.0005);
  EXPECT_NEAR(snapshots[1].churn_rate(), 0.429, 0.0005);
}

TEST(RealLogs, Cdnow) {
  EBB_REAL_DATA(path, "cdnow_master.txt");
  const EventColumns columns{.customer = "customer_id", .time = "date", .value = "dollar_value"};
  const EventLog log(read_csv(path, columns.reading(' ')), columns);
  EXPECT_EQ(log.events(), 69659U);
  const Snapshot snapshot =
      take_snapshot(log, at("1997-10-01"), {.prediction = parse_duration("273d")}, {});
  EXPECT_EQ(snapshot.customers.size(), 23570U);
  EXPECT_NEAR(snapshot.churn_rate(), 0.701, 0.0005);
}

}  // namespace
}  // namespace ebb::preprocessing
