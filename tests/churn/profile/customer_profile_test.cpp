#include "apps/churn/profile/customer_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/profile/profile_page.h"

namespace ebb::churn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShareBelow, CountsTheOthersThatAreLower) {
  const std::vector<float> probabilities = {0.5F, 0.25F, 0.5F, 0.75F, 0.0F};
  EXPECT_DOUBLE_EQ(share_below(probabilities, 0), 0.5);
  EXPECT_DOUBLE_EQ(share_below(probabilities, 3), 1.0);
  EXPECT_DOUBLE_EQ(share_below(probabilities, 4), 0.0);
  EXPECT_DOUBLE_EQ(share_below(std::vector<float>{0.5F}, 0), 0.0);
}

TEST(NearestRows, AreInOrderAndWithoutTheRow) {
  const std::vector<double> values = {0, 0, 3, 4, 0, 1, 3, 4, 0, 0};
  const std::vector<NearRow> near = nearest_rows({values, 2}, 0, 3);
  ASSERT_EQ(near.size(), 3U);
  EXPECT_EQ(near[0].row, 4U);
  EXPECT_EQ(near[1].row, 2U);
  EXPECT_EQ(near[2].row, 1U);  // as near as the fourth, and before it
  EXPECT_DOUBLE_EQ(near[2].distance, 5.0);
  EXPECT_EQ(nearest_rows({values, 2}, 0, 9).size(), 4U);
}

TEST(CompareColumns, PutsValuesBesideTheTypicalOnes) {
  preprocessing::Table table;
  table.add(preprocessing::number_column("age", {20, 30, 30, preprocessing::kMissingNumber, 50}));
  table.add(preprocessing::text_column("plan", {"pro", "basic", "basic", "", "basic"}));
  table.add(preprocessing::text_column("none", {"", "", "", "", ""}));
  const std::vector<ColumnComparison> second = compare_columns(table, 1);
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].value, "30");
  EXPECT_EQ(second[0].typical, "30");
  EXPECT_DOUBLE_EQ(*second[0].share, 0.5);  // one of four below, two equal
  EXPECT_EQ(second[1].value, "basic");
  EXPECT_EQ(second[1].typical, "basic");
  EXPECT_DOUBLE_EQ(*second[1].share, 0.75);
  const std::vector<ColumnComparison> fourth = compare_columns(table, 3);
  EXPECT_FALSE(fourth[0].value);
  EXPECT_FALSE(fourth[1].share);
}

CustomerProfile hostile_profile() {
  CustomerProfile profile;
  profile.id_name = "<i>";
  profile.id = "a\x1b[31m&\"'";
  profile.decision = "<yes>";
  profile.customers = 3;
  profile.segment = "<s>";
  profile.offer = BestOffer{"<o>", 1.0, 2.0};
  profile.reasons = {"<r> is 1"};
  profile.columns = {{.name = "<c>", .value = "<v>", .typical = "<t>", .share = 0.5}};
  profile.similar = {{"<n>", 0.5, true, 1.0}, {"m", 0.25, std::nullopt, 2.0}};
  return profile;
}

TEST(ProfilePage, EscapesAllThatComesFromData) {
  const std::string html = profile_html(hostile_profile(), Language::english);
  for (const char* tag :
       {"<i>", "<yes>", "<s>", "<o>", "<r>", "<c>", "<v>", "<t>", "<n>", "\x1b"}) {
    EXPECT_THAT(html, Not(HasSubstr(tag)));
  }
  EXPECT_THAT(html, HasSubstr("Customer a [31m&amp;&quot;&#39; (&lt;i&gt;)"));
  EXPECT_THAT(html, HasSubstr("<td>&lt;v&gt;</td>"));
}

TEST(ProfilePage, IsTextInTwoLanguages) {
  const std::string text = profile_text(hostile_profile(), Language::english);
  EXPECT_THAT(text, HasSubstr("best offer              <o>: costs 1.00, expected gain 2.00\n"));
  EXPECT_THAT(text, HasSubstr("left"));
  EXPECT_THAT(text, HasSubstr("unknown"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(profile_text(hostile_profile(), Language::chinese), HasSubstr("最佳方案"));
}

TEST(ProfilePage, LeavesOutWhatIsNotKnown) {
  const std::string text = profile_text({.id_name = "row", .id = "1"}, Language::english);
  for (const char* word : {"segment", "offer", "rank", "Reasons", "Similar"}) {
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
}

}  // namespace
}  // namespace ebb::churn
