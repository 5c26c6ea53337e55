#include "preprocessing/table/device_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;
using ::testing::ElementsAre;

Table small_table() {
  Table table;
  table.add(number_column("age", {20.0, kMissingNumber, 40.0}));
  table.add(text_column("plan", {"basic", "", "gold"}));
  return table;
}

TEST(DeviceTable, TellsLevelsWhereverTheColumnIs) {
  const Table origin = small_table();
  DeviceTable table(origin, test_device());
  EXPECT_THAT(table.levels("plan"), ElementsAre("basic", "gold"));
  table.replace(std::vector<std::string>{"plan"}, {{upload(origin.column("plan"), test_device())}});
  EXPECT_THAT(table.levels("plan"), ElementsAre("basic", "gold"));
  EXPECT_THROW(static_cast<void>(table.levels("plans")), DataError);
}

TEST(DeviceTable, WhatHasNotChangedStaysOnTheDevice) {
  const Table origin = small_table();
  DeviceTable table(origin, test_device());
  const std::vector<std::string> names = {"age", "plan"};
  const void* const age = table.column("age").values.view().data;
  static_cast<void>(table.column("plan"));
  Table changed = table.download(names);
  changed.replace(std::vector<std::string>{"plan"}, [](std::size_t, Column column) {
    column.codes[1] = 1;
    return std::vector<Column>{std::move(column)};
  });
  table.put_back(names, changed);
  EXPECT_EQ(table.column("age").values.view().data, age);
  const Tensor codes = table.column("plan").values.to(Device());
  EXPECT_THAT(codes.values<std::int32_t>(), ElementsAre(0, 1, 1));
}

TEST(ColumnTest, IsTheSameBitByBit) {
  const Column column = number_column("age", {1.0, kMissingNumber, 0.0});
  EXPECT_TRUE(is_same(column, number_column("age", {1.0, kMissingNumber, 0.0})));
  EXPECT_FALSE(is_same(column, number_column("age", {1.0, kMissingNumber, -0.0})));
  EXPECT_FALSE(is_same(column, number_column("age", {1.0, kMissingNumber})));
  EXPECT_FALSE(is_same(column, number_column("years", {1.0, kMissingNumber, 0.0})));
  EXPECT_FALSE(is_same(text_column("plan", {"a", "b"}), text_column("plan", {"a", "c"})));
}

}  // namespace
}  // namespace ebb::preprocessing
