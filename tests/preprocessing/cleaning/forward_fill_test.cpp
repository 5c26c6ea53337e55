#include "preprocessing/cleaning/forward_fill.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "preprocessing/table/column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ForwardFill, AgreesWithPandas) {
  const json log = ebb::testing::test_json("imputation.json")["log"];
  const auto customers = log["customers"].get<std::vector<std::int32_t>>();
  const auto times = log["times"].get<std::vector<std::size_t>>();
  std::vector<std::size_t> order(times.size());
  for (std::size_t row = 0; row < times.size(); ++row) order[times[row]] = row;
  std::vector<double> values;
  std::size_t missing = 0;
  for (const json& value : log["values"]) {
    values.push_back(value.is_null() ? kMissingNumber : value.get<double>());
    missing += value.is_null() ? 1 : 0;
  }
  const std::size_t filled = forward_fill(values, customers, order);
  for (std::size_t row = 0; row < values.size(); ++row) {
    const json& expected = log["filled"][row];
    missing -= !expected.is_null() && log["values"][row].is_null() ? 1 : 0;
    EXPECT_EQ(std::isnan(values[row]), expected.is_null()) << row;
    if (!expected.is_null()) {
      EXPECT_EQ(values[row], expected.get<double>()) << row;
    }
  }
  EXPECT_EQ(filled + missing, static_cast<std::size_t>(
                                  std::count(log["values"].begin(), log["values"].end(), json())));
}

TEST(ForwardFill, NeverFromTheFutureOrAnotherCustomer) {
  const std::vector<std::int32_t> customers = {0, 1, 0, kMissingCode, 0, 1, kMissingCode};
  const std::vector<std::size_t> order = {4, 3, 6, 2, 1, 0, 5};
  std::vector<std::int32_t> codes = {-1, -1, 7, 5, -1, 9, -1};
  EXPECT_EQ(forward_fill(codes, customers, order), 1U);
  EXPECT_THAT(codes, ElementsAre(7, -1, 7, 5, -1, 9, -1));
  std::vector<std::int64_t> integers = {kMissingInteger, 3, -1, 0, 0, kMissingInteger, 0};
  EXPECT_EQ(forward_fill(integers, customers, order), 2U);
  EXPECT_THAT(integers, ElementsAre(-1, 3, -1, 0, 0, 3, 0));
}

TEST(ForwardFill, ChecksItsRows) {
  std::vector<double> values = {1, 2};
  const std::vector<std::int32_t> customers = {0, 0};
  const std::vector<std::int32_t> few = {0};
  const std::vector<std::int32_t> wrong = {0, -2};
  const std::vector<std::size_t> twice = {1, 1};
  const std::vector<std::size_t> order = {0, 1};
  EXPECT_THAT(message_of<Error>([&] { forward_fill(values, customers, twice); }),
              HasSubstr("row 1 of 2 twice or beyond"));
  EXPECT_THAT(message_of<Error>([&] { forward_fill(values, few, order); }),
              HasSubstr("1 customers and an order of 2 rows for 2 rows"));
  EXPECT_THAT(message_of<Error>([&] { forward_fill(values, wrong, order); }),
              HasSubstr("below -1"));
  EXPECT_EQ(forward_fill(std::span<double>(), {}, {}), 0U);
}

}  // namespace
}  // namespace ebb::preprocessing
