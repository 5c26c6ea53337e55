#include "engine/training/lanes.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "engine/tensor/tensor.h"

namespace ebb {
namespace {

TEST(LanesTest, GivesEachThreadMemoryOfItsOwn) {
  Lanes lanes(Device{}, 2, nullptr);
  const ShardPlan plan = lanes.dealt(Lanes::plan(32, 8));
  ASSERT_EQ(plan.lanes, 4);
  // Of the first two lanes, which one thread takes, and of the others.
  std::set<const void*> blocks[2];
  for (int step = 0; step < 200; ++step) {
    lanes.for_each_shard(plan, {}, [&](const Pass&, RowRange range) {
      for (int i = 0; i < 20; ++i) {
        const Tensor tensor = Tensor::empty({1000}, DType::f32, Device{});
        blocks[range.begin / 16].insert(tensor.view().data);
      }
    });
  }
  std::set<const void*> common;
  std::ranges::set_intersection(blocks[0], blocks[1], std::inserter(common, common.end()));
  EXPECT_TRUE(common.empty());
}

}  // namespace
}  // namespace ebb
