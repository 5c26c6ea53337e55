#include "preprocessing/encoding/booleans.h"

#include <cmath>

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

TEST(Booleans, Spellings) {
  for (const char* yes :
       {"yes", "YES", "Y", "true", "True", "T", "on", "1", "1.0", "+1", " yes\t"}) {
    EXPECT_EQ(parse_boolean(yes), true) << yes;
  }
  for (const char* no : {"no", "No", "n", "FALSE", "f", "off", "0", "0.00", "-0", " 0 "}) {
    EXPECT_EQ(parse_boolean(no), false) << no;
  }
  for (const char* other :
       {"", " ", "ye", "yes!", "2", "-1", "0.5", "nan", "none", "oui", "yes no"}) {
    EXPECT_EQ(parse_boolean(other), std::nullopt) << other;
  }
}

TEST(Booleans, ColumnsOfEachKind) {
  const Column texts = text_column("active", {"Yes", "", "no", "YES"});
  const std::vector<double> values = booleans_of(texts, Table());
  EXPECT_EQ(values[0], 1.0);
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_EQ(values[2], 0.0);
  EXPECT_EQ(values[3], 1.0);
  const Column numbers = number_column("active", {1, std::nan(""), -0.0});
  EXPECT_EQ(booleans_of(numbers, Table())[0], 1.0);
  EXPECT_TRUE(std::isnan(booleans_of(numbers, Table())[1]));
  EXPECT_EQ(booleans_of(numbers, Table())[2], 0.0);
  Column integers;
  integers.name = "active";
  integers.kind = ColumnKind::identifier;
  integers.integers = {0, kMissingInteger, 1};
  EXPECT_EQ(booleans_of(integers, Table())[2], 1.0);
  EXPECT_TRUE(std::isnan(booleans_of(integers, Table())[1]));
  for (const Column& column : {texts, numbers, integers}) EXPECT_TRUE(are_booleans(column));
  EXPECT_FALSE(are_booleans(text_column("c", {"yes", "maybe"})));
  EXPECT_FALSE(are_booleans(text_column("c", {"", ""})));
  EXPECT_FALSE(are_booleans(number_column("c", {0, 1, 2})));
}

TEST(Booleans, ErrorsNameTheLine) {
  const Table table("shop.csv", {2, 3, 7});
  EXPECT_EQ(message_of([&] {
              booleans_of(text_column("active", {"yes", "no", "maybe"}), table);
            }),
            "shop.csv:7: column \"active\" holds \"maybe\", which is neither yes nor no: use yes "
            "and no, true and false, or 1 and 0");
  EXPECT_EQ(message_of([&] {
              booleans_of(number_column("active", {0, 0.5, 1}), table);
            }),
            "shop.csv:3: column \"active\" holds \"0.5\", which is neither yes nor no: use yes and "
            "no, true and false, or 1 and 0");
}

}  // namespace
}  // namespace ebb::preprocessing
