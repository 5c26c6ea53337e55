#include "apps/churn/explanation/reasons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

using ::testing::ElementsAre;

class ReasonsTest : public ::testing::Test {
 protected:
  ReasonsTest() {
    table_.add(preprocessing::number_column("days", {64, 12, preprocessing::kMissingNumber, 3}));
    table_.add(preprocessing::text_column("plan", {"basic", "pro", "", "pro"}));
    pipeline_ = preprocessing::Pipeline::fit(table_, {.categories = {.min_count = 1}});
  }

  std::string say(Language language, std::size_t row, const char* name, double effect) const {
    return ReasonWriter(pipeline_, {}, language).reason(table_, row, name, effect);
  }

  preprocessing::Table table_;
  preprocessing::Pipeline pipeline_;
};

TEST_F(ReasonsTest, SayValueUsualValueAndEffect) {
  EXPECT_EQ(say(Language::english, 0, "days", 0.314), "days is 64 (usual: 12), +0.31");
  EXPECT_EQ(say(Language::english, 1, "plan", -0.42), "plan is pro, -0.42");
  EXPECT_EQ(say(Language::english, 2, "days", 0.05), "days is missing, +0.05");
  EXPECT_EQ(say(Language::chinese, 0, "days", 0.314), "days 为 64（通常为 12），+0.31");
  EXPECT_EQ(say(Language::chinese, 1, "plan", -0.42), "plan 为 pro，-0.42");
  EXPECT_EQ(say(Language::chinese, 2, "plan", 0.05), "plan 缺失，+0.05");
}

TEST(Reasons, AreTheStrongestFirst) {
  const std::vector<double> values = {0.1, -0.5, 0.0, 0.5, 0.2};
  EXPECT_THAT(strongest_columns(values, 3), ElementsAre(1, 3, 4));
  EXPECT_THAT(strongest_columns(values, 9), ElementsAre(1, 3, 4, 0));
}

TEST(Reasons, AreInTwoLanguages) {
  EXPECT_EQ(parse_language("zh"), Language::chinese);
  EXPECT_THROW(parse_language("fr"), DataError);
}

}  // namespace
}  // namespace ebb::churn
