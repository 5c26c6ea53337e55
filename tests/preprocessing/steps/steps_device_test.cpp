// Every step applied to columns on the device under test, as it is applied to a table: the same
// bits.
#include <bit>
#include <cmath>
#include <limits>

#include "preprocessing/scaling/scaling.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/steps/step_sequence.h"
#include "tests/preprocessing/steps/step_support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;
using ::testing::HasSubstr;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Numbers a (with gaps), b and c (without), categories plan (with gaps), member, since (dates,
/// with gaps). Rows to fit to are finite and hold few levels; new ones hold everything else.
Table customers(std::size_t rows, bool are_new) {
  const std::vector<double> special = {kMissing, -0.0, 0.0,    kInfinity, -kInfinity,
                                       1e300,    -7.5, 1e-310, 2.0,       -1.0};
  SplitMix64 generator(rows, are_new ? 1 : 0);
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> c;
  std::vector<std::string> plan;
  std::vector<std::string> member;
  std::vector<std::string> since;
  for (std::size_t row = 0; row < rows; ++row) {
    const double share = static_cast<double>(generator.below(1 << 20)) / (1 << 20);
    const double plain = std::exp2(6.0 * share) - 9.0;
    a.push_back(generator.below(4) == 0 ? (are_new ? special[generator.below(10)] : kMissing)
                                        : plain);
    b.push_back(static_cast<double>(generator.below(5)));
    c.push_back(are_new && row % 5 == 0 ? -0.0 : plain * plain + 0.1);
    const std::uint64_t level = generator.below(are_new ? 30 : 21);
    plan.push_back(level == 0 ? ""
                              : (level % 2 == 0 ? "Plan " : " plan ") + std::to_string(level / 2));
    member.push_back(generator.below(3) == 0 ? "yes" : are_new && row % 7 == 0 ? "maybe" : "no");
    since.push_back(level == 3 ? ""
                               : fmt::format("2024-{:02}-{:02}", 1 + level % 12, 1 + level % 28));
  }
  Table table;
  table.add(number_column("a", a));
  table.add(number_column("b", b));
  table.add(number_column("c", c));
  table.add(text_column("plan", plan));
  table.add(text_column("member", member));
  table.add(text_column("since", since));
  return table;
}

std::vector<StepDeclaration> declarations() {
  const nlohmann::json complete = {"b", "c"};
  std::vector<StepDeclaration> steps = {
      declare("drop", {{"columns", {"b"}}}),
      declare("normalise", {{"case", "fold"}, {"columns", {"plan"}}}),
      declare("range", {{"columns", {"a", "c"}}, {"lower", -5}, {"upper", 40}}),
      declare("range", {{"columns", {"a"}}, {"lower", 0}, {"treatment", "clip"}}),
      declare("range", {{"columns", {"b"}}, {"upper", 4}, {"treatment", "error"}}),
      declare("clip", {{"rule", "iqr"}}),
      declare("clip", {{"rule", "quantile"}, {"share", 0.1}, {"treatment", "to_missing"}}),
      declare("clip", {{"treatment", "report"}}),
      declare("fill", {{"indicator", true}}),
      declare("fill", {{"numbers", -1.5}, {"categories", "mode"}}),
      declare("forward_fill",
              {{"customer", "plan"}, {"time", "since"}, {"columns", {"a", "member"}}}),
      declare("neighbours", {{"columns", {"a", "c"}}, {"most_rows", 60}}),
      declare("encode", {{"columns", {"plan"}}}),
      declare("encode",
              {{"columns", {"plan", "member"}}, {"max_levels", 3}, {"unknown", "other_column"}}),
      declare("encode", {{"method", "ordinal"}}),
      declare("encode", {{"method", "frequency"}}),
      declare("encode", {{"method", "target"}, {"columns", {"plan"}}}),
      declare("encode", {{"method", "hash"}, {"columns", {"plan"}}, {"buckets", 37}}),
      declare("encode", {{"method", "boolean"}, {"columns", {"member"}}}),
      declare("date", {{"columns", {"since"}}, {"parts", {"days", "month", "weekday", "hour"}}}),
      declare("derive", {{"operation", "ratio"}, {"of", {"a", "b"}}}),
      declare("derive", {{"operation", "difference"}, {"of", {"a", "c"}}}),
      declare("derive", {{"operation", "sum"}, {"of", {"a", "b", "c"}}}),
      declare("derive", {{"operation", "product"}, {"of", {"c", "a", "b", "c"}}}),
      declare("derive", {{"operation", "log1p"}, {"of", {"a"}}}),
      declare("derive", {{"operation", "bins"}, {"of", {"a"}}, {"bins", 7}}),
      declare("interact", {{"columns", {"a", "b", "c"}}}),
      declare("robust_distance", {{"columns", complete}}),
      declare("select", {{"most", 3}}),
      declare("pca", {{"columns", complete}}),
  };
  for (const Scaling scaling : kScalings) {
    steps.push_back(declare(
        "scale", {{"columns", {"a", "c"}}, {"method", scaling_name(scaling)}, {"quantiles", 20}}));
  }
  return steps;
}

/// Fits all `steps` one after the other.
StepSequence fit_all(const std::vector<StepDeclaration>& steps) {
  Table training = customers(300, false);
  std::vector<float> labels;
  for (std::size_t row = 0; row < 300; ++row) labels.push_back(row % 5 < 2 ? 1.0F : 0.0F);
  return StepSequence::fit(steps, training, {.labels = labels, .seed = 3});
}

/// Expects the same columns, in any order, of the same bits and texts.
void expect_same_bits(const Table& found, const Table& expected) {
  EXPECT_THAT(found.names(), ::testing::UnorderedElementsAreArray(expected.names()));
  for (const Column& column : expected.columns()) {
    SCOPED_TRACE(column.name);
    const Column& other = found.column(column.name);
    ASSERT_EQ(other.kind, column.kind);
    ASSERT_EQ(other.size(), column.size());
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (column.is_number()) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(other.numbers[row]),
                  std::bit_cast<std::uint64_t>(column.numbers[row]))
            << "row " << row << ": " << other.numbers[row] << ", expected " << column.numbers[row];
      } else {
        ASSERT_EQ(other.text(row), column.text(row)) << "row " << row;
      }
    }
  }
}

void expect_same(const StepSequence& steps, const Table& rows) {
  Table expected = rows;
  steps.apply(expected);
  DeviceTable on_device(rows, test_device());
  steps.apply(on_device);
  expect_same_bits(on_device.download(on_device.names()), expected);
}

TEST(StepsDevice, HaveTheBitsOfTheCpu) {
  for (const StepDeclaration& declaration : declarations()) {
    SCOPED_TRACE(declaration.kind + " " + declaration.options.dump());
    const StepSequence steps = fit_all({declaration});
    for (const std::size_t rows : {0U, 1U, 2U, 3U, 130U, 1025U})
      expect_same(steps, customers(rows, true));
  }
}

TEST(StepsDevice, FollowEachOther) {
  const StepSequence steps =
      fit_all({declare("normalise", {{"columns", {"plan"}}}),
               declare("range", {{"columns", {"a"}}, {"upper", 30}}),
               declare("neighbours", {{"columns", {"a", "c"}}, {"most_rows", 60}}),
               declare("fill", {{"except", {"since"}}}),
               declare("derive", {{"operation", "log1p"}, {"of", {"a"}}, {"name", "log"}}),
               declare("derive", {{"operation", "ratio"}, {"of", {"log", "c"}}, {"name", "rate"}}),
               declare("fill", {{"columns", {"rate"}}, {"numbers", "mean"}, {"indicator", true}}),
               declare("date", {{"columns", {"since"}}}), declare("fill"),
               declare("encode", {{"columns", {"plan"}}, {"method", "frequency"}}),
               declare("scale", {{"method", "yeo_johnson"}}), declare("encode"),
               declare("pca", {{"columns", {"a", "c", "rate", "plan"}}})});
  for (std::size_t rows = 1; rows <= 130; rows += 3) expect_same(steps, customers(rows, true));
}

/// The message of applying the step on the device, which must be that of the CPU.
std::string refused(const StepDeclaration& declaration, const Table& rows) {
  const StepSequence steps = fit_all({declaration});
  const std::string expected = testing::message_of([&] {
    Table table = rows;
    steps.apply(table);
  });
  DeviceTable on_device(rows, test_device());
  EXPECT_EQ(testing::message_of([&] { steps.apply(on_device); }), expected);
  return expected;
}

Table with_column(Column column) {
  Table table = customers(40, false);
  table.drop({&column.name, 1});
  table.add(std::move(column));
  return table;
}

TEST(StepsDevice, RefuseWhatTheCpuRefuses) {
  std::vector<double> numbers(40, 1.0);
  std::vector<std::string> texts(40, "2024-01-05");
  EXPECT_THAT(refused(declare("scale", {{"columns", {"a"}}}), with_column(text_column("a", texts))),
              HasSubstr("was one of numbers in training"));
  EXPECT_THAT(refused(declare("encode", {{"columns", {"plan"}}}),
                      with_column(number_column("plan", numbers))),
              HasSubstr("was one of categories in training"));
  EXPECT_THAT(
      refused(declare("interact", {{"columns", {"a", "b"}}}), with_column(text_column("a", texts))),
      HasSubstr("expected one of numbers"));
  numbers[7] = 9.0;
  EXPECT_THAT(refused(declare("range", {{"columns", {"b"}}, {"upper", 5}, {"treatment", "error"}}),
                      with_column(number_column("b", numbers))),
              HasSubstr("row 8: column \"b\" holds 9"));
  texts[3] = "some day";
  EXPECT_THAT(
      refused(declare("date", {{"columns", {"since"}}}), with_column(text_column("since", texts))),
      HasSubstr("row 4: column \"since\": \"some day\" is not a time"));
  numbers[5] = kMissing;
  EXPECT_THAT(
      refused(declare("pca", {{"columns", {"b", "c"}}}), with_column(number_column("b", numbers))),
      HasSubstr("row 6: column \"b\": a value is missing"));
}

TEST(StepsDevice, DatesMayBeNumbers) {
  const StepSequence steps =
      fit_all({declare("date", {{"columns", {"since"}}, {"parts", {"days", "hour"}}})});
  Table rows = customers(30, false);
  rows.drop(std::vector<std::string>{"since"});
  rows.add(number_column("since", std::vector<double>(30, 20240105)));
  expect_same(steps, rows);
}

TEST(DeviceTable, BringsAColumnOnceAndBack) {
  const Table table = customers(20, true);
  DeviceTable on_device(table, test_device());
  EXPECT_EQ(on_device.names(), table.names());
  const void* values = on_device.column("a").values.view().data;
  EXPECT_EQ(on_device.column("a").values.view().data, values);
  EXPECT_EQ(&on_device.on_host("a"), &table.column("a"));
  EXPECT_EQ(on_device.kind("plan"), ColumnKind::category);
  EXPECT_TRUE(on_device.holds_texts("plan"));
  EXPECT_FALSE(on_device.holds_texts("a"));
  on_device.drop(std::vector<std::string>{"b"});
  EXPECT_FALSE(on_device.has("b"));
  on_device.add(number_column("d", std::vector<double>(20, 2.0)));
  on_device.replace(std::vector<std::string>{"a"},
                    {{upload(number_column("a1", std::vector<double>(20, 1.0)), test_device()),
                      upload(table.column("b"), test_device())}});
  EXPECT_THAT(on_device.names(),
              ::testing::ElementsAre("a1", "b", "c", "plan", "member", "since", "d"));
  EXPECT_EQ(on_device.on_host("b").numbers, table.numbers("b"));
  EXPECT_THAT(testing::message_of([&] { on_device.add(table.column("b")); }),
              HasSubstr("column \"b\" exists twice"));
  EXPECT_THAT(testing::message_of<Error>(
                  [&] { on_device.add(number_column("e", std::vector<double>(10, 2.0))); }),
              HasSubstr("column \"e\" has 10 values, expected 20"));
  EXPECT_THAT(testing::message_of([&] { on_device.column("none"); }),
              HasSubstr("there is no column \"none\""));
}

}  // namespace
}  // namespace ebb::preprocessing
