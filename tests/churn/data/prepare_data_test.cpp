#include <algorithm>
#include <omp.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/config/config_file.h"
#include "apps/churn/data/prepared_data.h"
#include "kernels/common/error.h"
#include "tests/churn/support/customers.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ebb::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class PrepareDataTest : public ::testing::Test {
 protected:
  PrepareDataTest() {
    config_.data.target = "churn";
    config_.data.drop_columns = {"part"};
  }

  PreparedData prepare(const std::vector<Customer>& rows) {
    config_.data.path = folder_.write("customers.csv", csv(rows));
    return prepare_data(config_);
  }

  std::string refusal(const std::string& text) {
    config_.data.path = folder_.write("customers.csv", text);
    return message_of<DataError>([&] { prepare_data(config_); });
  }

  TemporaryFolder folder_;
  RunConfig config_;
};

std::vector<float> sorted(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  return values;
}

TEST_F(PrepareDataTest, SplitsByFractionsAndEncodesEachPart) {
  const PreparedData data = prepare(customers(100));
  EXPECT_EQ(data.table_rows, 100U);
  EXPECT_EQ(data.train.rows(), 65U);
  EXPECT_EQ(data.validation.rows(), 15U);
  EXPECT_EQ(data.test.rows(), 20U);
  EXPECT_EQ(data.train.features.rows, 65U);
  EXPECT_NEAR(data.training_base_rate, 0.25, 0.01);
  EXPECT_THAT(data.pipeline.number_names(), ElementsAre("age", "spend"));
  EXPECT_THAT(data.pipeline.category_names(), ElementsAre("member", "套餐"));
  EXPECT_THAT(data.notes,
              Contains(AllOf(HasSubstr("\"客户编号\" is left out"), HasSubstr("identifier"))));
  EXPECT_THAT(data.notes, Contains("column \"churn\": \"yes\" is what is predicted, \"no\" the "
                                   "opposite"));
  EXPECT_THAT(data.notes, Not(Contains(HasSubstr("\"part\""))));
}

TEST_F(PrepareDataTest, TheSeedChoosesTheRows) {
  const PreparedData first = prepare(customers(100));
  EXPECT_EQ(prepare(customers(100)).train.features.numbers, first.train.features.numbers);
  config_.training.seed = 1;
  EXPECT_NE(prepare(customers(100)).train.features.numbers, first.train.features.numbers);
}

TEST_F(PrepareDataTest, NothingIsFittedToRowsThatMeasure) {
  config_.data.drop_columns.clear();
  config_.split.column = "part";
  std::vector<Customer> rows = customers(100);
  const PreparedData before = prepare(rows);
  EXPECT_EQ(before.validation.rows(), 20U);
  EXPECT_EQ(before.test.rows(), 20U);
  for (Customer& row : rows) {
    if (row.part == "train") continue;
    row.age += 1000;
    row.spend = -1e6;
    row.plan = "新";
    row.member += 5;
  }
  const PreparedData after = prepare(rows);
  EXPECT_EQ(after.pipeline, before.pipeline);
  EXPECT_EQ(after.train.features.numbers, before.train.features.numbers);
  EXPECT_NE(after.test.features.numbers, before.test.features.numbers);
  EXPECT_NE(after.fingerprint, before.fingerprint);
}

TEST_F(PrepareDataTest, DuplicatesAreDroppedBeforeTheSplit) {
  std::vector<Customer> rows = customers(60);
  for (int i = 0; i < 40; ++i) rows.push_back(rows[static_cast<std::size_t>(i)]);
  const PreparedData data = prepare(rows);
  EXPECT_EQ(data.table_rows, 100U);
  EXPECT_EQ(data.duplicates, 40U);
  EXPECT_EQ(data.train.rows() + data.validation.rows() + data.test.rows(), 60U);
  EXPECT_THAT(data.notes, Contains("40 rows dropped that equal an earlier one in every column"));
  EXPECT_THAT(data.warnings, IsEmpty());
  // An identifier names customers in whatever way it is left out.
  config_.data.drop_columns.push_back("客户编号");
  EXPECT_THAT(prepare(rows).warnings, IsEmpty());

  config_.preprocessing.drop_duplicates = false;
  const PreparedData all = prepare(rows);
  EXPECT_EQ(all.duplicates, 0U);
  EXPECT_EQ(all.train.rows() + all.validation.rows() + all.test.rows(), 100U);
}

TEST_F(PrepareDataTest, AColumnOfWeightsIsNoFeatureAndHasAMeanOfOne) {
  std::string text = "age,times,churn\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("{},{},{}\n", i * 7 % 83, i % 5, i % 4 / 3);
  config_.data.path = folder_.write("customers.csv", text);
  config_.data.drop_columns.clear();
  config_.data.weight_column = "times";
  const PreparedData data = prepare_data(config_);
  EXPECT_THAT(data.pipeline.number_names(), ElementsAre("age"));
  EXPECT_EQ(data.columns.at(1).role, ColumnRole::weight);
  ASSERT_EQ(data.train.weights.size(), data.train.rows());
  double total = 0.0;
  for (const float weight : data.train.weights) total += static_cast<double>(weight);
  EXPECT_NEAR(total / static_cast<double>(data.train.rows()), 1.0, 1e-6);
  // They follow their rows: 0 to 4 times a scale, as many of each as the rows have.
  std::vector<float> distinct = sorted(data.train.weights);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  ASSERT_EQ(distinct.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(distinct[i], static_cast<float>(i) * distinct[1], 1e-6F);
  }
  EXPECT_THAT(data.validation.weights, IsEmpty());
}

TEST_F(PrepareDataTest, WeightsThatAreNoneAreRefusedWithTheirPlace) {
  config_.data.drop_columns.clear();
  config_.data.weight_column = "times";
  const auto table = [](const char* third, const char* others = "1") {
    std::string text = "age,times,churn\n";
    for (int i = 0; i < 40; ++i) {
      text += fmt::format("{},{},{}\n", i * 7 % 83, i == 2 ? third : others, i % 2);
    }
    return text;
  };
  EXPECT_THAT(refusal(table("-1")),
              HasSubstr("customers.csv:4: the weight in column \"times\" is -1, expected a finite "
                        "number, 0 or more"));
  EXPECT_THAT(refusal(table("")), HasSubstr("customers.csv:4: the weight in column \"times\" is "
                                            "missing"));
  EXPECT_THAT(refusal(table("often")), HasSubstr("often"));
  EXPECT_THAT(refusal(table("0", "0")),
              HasSubstr("the weights of the training rows add up to 0, expected"));
  EXPECT_THAT(refusal("age,churn\n1,0\n2,1\n"),
              HasSubstr("there is no column \"times\", which data.weight_column names"));
  config_.data.weight_column = "churn";
  EXPECT_THAT(message_of<DataError>([&] { validate(config_); }),
              HasSubstr("column \"churn\" is both data.target and data.weight_column"));
}

TEST_F(PrepareDataTest, CustomersWithSeveralRowsAreNotedUnlessTheSplitIsGiven) {
  config_.data.id_column = "客户编号";
  std::vector<Customer> rows = customers(60);
  EXPECT_THAT(prepare(rows).notes, Not(Contains(HasSubstr("of one customer"))));
  for (const std::size_t i : {7U, 8U, 20U}) rows[i].number = rows[6].number;
  const std::string note = "rows repeat an id of column \"客户编号\"";
  EXPECT_THAT(prepare(rows).notes, Contains(HasSubstr("3 " + note)));
  // Texts too; a row that is dropped does not count.
  std::string text = header_line();
  for (const Customer& row : rows) text += "k" + line(row);
  config_.data.path = folder_.write("texts.csv", text + "k" + line(rows[40]));
  EXPECT_THAT(prepare_data(config_).notes, Contains(HasSubstr("3 " + note)));

  config_.split.column = "part";
  EXPECT_THAT(prepare(rows).notes, Not(Contains(HasSubstr(note))));
}

TEST_F(PrepareDataTest, DuplicatesThatNoIdentifierTellsApartAreWarnedOf) {
  std::string text = "plan,channel,churn\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("plan{},shop,{}\n", i % 3, i % 2);
  config_.data.path = folder_.write("customers.csv", text);
  config_.data.drop_columns = {"channel"};
  const PreparedData data = prepare_data(config_);
  EXPECT_THAT(
      data.warnings,
      ElementsAre("994 of 1000 rows dropped that equal an earlier one in every column, but no "
                  "column names the customer: if they are different customers, keep them with "
                  "drop_duplicates = false under [preprocessing] in the --config file"));
  EXPECT_THAT(data.notes, Not(Contains(HasSubstr("dropped"))));

  config_.preprocessing.drop_duplicates = false;
  const PreparedData all = prepare_data(config_);
  EXPECT_EQ(all.train.rows(), 650U);
  EXPECT_THAT(all.warnings, IsEmpty());
}

TEST_F(PrepareDataTest, FewDuplicatesAreOnlyNoted) {
  config_.data.drop_columns.clear();
  std::string text = "spend,churn\n";
  for (int i = 0; i < 198; ++i) text += fmt::format("{}.5,{}\n", i, i % 2);
  config_.data.path = folder_.write("few.csv", text + "0.5,0\n1.5,1\n");
  EXPECT_THAT(prepare_data(config_).warnings, IsEmpty());
  EXPECT_THAT(prepare_data(config_).notes, Contains(HasSubstr("2 rows dropped that equal")));
  config_.data.path = folder_.write("more.csv", text + "0.5,0\n1.5,1\n2.5,0\n");
  EXPECT_THAT(prepare_data(config_).warnings, ElementsAre(HasSubstr("3 of 201 rows dropped")));
}

TEST_F(PrepareDataTest, TablesThatDuplicatesLeaveTooSmallSaySo) {
  config_.data.drop_columns.clear();
  std::string text = "plan,churn\n";
  for (int i = 0; i < 40; ++i) text += i % 2 == 0 ? "gold,yes\n" : "free,no\n";
  EXPECT_EQ(refusal(text),
            "2 rows are too few for a test fraction of 0.2: the part would be empty; 38 rows had "
            "been dropped as equal to an earlier one: keep them with drop_duplicates = false under "
            "[preprocessing] in the --config file");
}

TEST_F(PrepareDataTest, TablesWithoutFeaturesSaySoFirst) {
  config_.data.drop_columns.clear();
  std::string constant = "plan,churn\n";
  std::string single = "churn\n";
  for (int i = 0; i < 100; ++i) {
    const char* label = i % 2 == 0 ? "yes" : "no";
    constant += fmt::format("gold,{}\n", label);
    single += fmt::format("{}\n", label);
  }
  EXPECT_THAT(refusal(constant), HasSubstr("customers.csv: no column is left to predict from; "
                                           "column \"plan\" is left out: it has one value"));
  EXPECT_THAT(refusal(single), HasSubstr("customers.csv: no column is left to predict from; there "
                                         "is none but the target"));
}

TEST_F(PrepareDataTest, AGivenSplitLosesTrainingRowsThatAlsoMeasure) {
  config_.data.drop_columns.clear();
  config_.split.column = "part";
  std::vector<Customer> rows = customers(100);
  // Row 0 trains; its copies differ in their part only.
  Customer in_test = rows[0];
  in_test.part = "test";
  Customer in_validation = rows[0];
  in_validation.part = "val";
  rows.push_back(in_test);
  rows.push_back(in_validation);
  const PreparedData data = prepare(rows);
  EXPECT_EQ(data.train.rows(), 59U);
  EXPECT_EQ(data.validation.rows(), 20U);
  EXPECT_EQ(data.test.rows(), 21U);
  EXPECT_THAT(data.notes, Contains(HasSubstr("1 row dropped from the training part and 1 row from "
                                             "the validation part")));
}

TEST_F(PrepareDataTest, ATestTableIsMeasuredOnAndNotTrainedOn) {
  const std::vector<Customer> rows = customers(100);
  const std::vector<Customer> test(rows.begin() + 90, rows.end());
  config_.split.test_data = folder_.write("test.csv", csv(test));
  const PreparedData data = prepare(rows);
  EXPECT_EQ(data.test.rows(), 10U);
  EXPECT_EQ(data.train.rows() + data.validation.rows(), 90U);
  EXPECT_EQ(data.validation.rows(), 14U);  // 0.15 of 90, rounded half up
  EXPECT_THAT(data.notes, Contains(AllOf(HasSubstr("10 rows of"), HasSubstr("also in the test"),
                                         HasSubstr("dropped from training"))));
  // Another test table is other data.
  folder_.write("test.csv", csv({test.begin(), test.end() - 1}));
  EXPECT_NE(prepare(rows).fingerprint, data.fingerprint);
}

TEST_F(PrepareDataTest, TwoValuedNumbersBecomeCategoriesInAnySpelling) {
  const PreparedData data = prepare(customers(100));
  EXPECT_THAT(data.pipeline.categories()[0].encoder.levels(), UnorderedElementsAre("0", "1"));
  const auto encode = [&](const std::string& zero, const std::string& one) {
    preprocessing::DriftReport drift;
    const std::string path = folder_.write(
        "new.csv",
        fmt::format("churn,age,member,套餐,spend\nno,30,{},基础,5\nyes,30,{},基础,5\n", zero, one));
    return load_labelled(path, data.pipeline, drift).features.codes;
  };
  const std::vector<std::int32_t> codes = encode("0", "1");
  EXPECT_GE(std::min(codes[0], codes[2]), preprocessing::kFirstLevelCode);
  EXPECT_NE(codes[0], codes[2]);
  EXPECT_EQ(encode("0.0", "1.0"), codes);
  EXPECT_EQ(encode("-0", "+1e0"), codes);
  EXPECT_THAT(message_of<DataError>([&] { encode("0", "maybe"); }),
              AllOf(HasSubstr("new.csv:3"), HasSubstr("\"maybe\" is not a number")));
  // The same for a table that was not read as the pipeline asks.
  preprocessing::Table texts;
  texts.add(preprocessing::number_column("age", {30.0, 30.0}));
  texts.add(preprocessing::text_column("member", {"0.00", "1.0"}));
  texts.add(preprocessing::text_column("套餐", {"基础", "基础"}));
  texts.add(preprocessing::number_column("spend", {5.0, 5.0}));
  EXPECT_EQ(data.pipeline.transform(texts).codes, codes);
  const std::string json = data.pipeline.to_json().dump();
  EXPECT_EQ(preprocessing::Pipeline::from_json(ebb::testing::json_of(json)), data.pipeline);
}

TEST_F(PrepareDataTest, TwoValuedNumbersStayNumbersWhereAsked) {
  config_.data.columns = {{"member", preprocessing::DeclaredKind::number}};
  EXPECT_THAT(prepare(customers(100)).pipeline.number_names(), Contains("member"));
  config_.data.columns.clear();
  config_.preprocessing.number_columns = {{"member", {}}};
  EXPECT_THAT(prepare(customers(100)).pipeline.number_names(), Contains("member"));
  config_.preprocessing.number_columns.clear();
  config_.preprocessing.two_values_as_category = false;
  EXPECT_THAT(prepare(customers(100)).pipeline.number_names(), Contains("member"));
}

TEST_F(PrepareDataTest, TheFingerprintIsOfContentsAlone) {
  std::vector<Customer> rows = customers(100);
  const std::string fingerprint = prepare(rows).fingerprint;
  EXPECT_EQ(fingerprint.size(), 32U);
  config_.data.path = folder_.write("elsewhere.tsv", [&] {
    std::string text = csv(rows);
    std::replace(text.begin(), text.end(), ',', '\t');
    return text;
  }());
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    EXPECT_EQ(prepare_data(config_).fingerprint, fingerprint);
  }
  omp_set_num_threads(threads);
  rows[50].spend += 1e-9;
  EXPECT_NE(prepare(rows).fingerprint, fingerprint);
  rows = customers(100);
  std::swap(rows[3], rows[4]);
  EXPECT_NE(prepare(rows).fingerprint, fingerprint);
}

TEST_F(PrepareDataTest, ColumnsAreDescribed) {
  config_.data.id_column = "客户编号";
  config_.data.columns = {{"套餐", preprocessing::DeclaredKind::category}};
  const PreparedData data = prepare(customers(100));
  const auto described = [&](std::size_t i) {
    const ColumnDescription& column = data.columns.at(i);
    return fmt::format("{}|{}|{}|{}|{}|{}", column.name, kind_name(column.kind), column.is_declared,
                       to_string(column.role), column.missing, column.values);
  };
  EXPECT_EQ(described(0),
            "客户编号|identifier|false|id|0|\"70000\", \"70037\", \"70074\" and 97 more");
  EXPECT_EQ(described(1), "age|number|false|number feature|0|20 to 69");
  EXPECT_EQ(described(2), "member|number|false|category feature|0|0 to 1");
  EXPECT_EQ(described(3), "套餐|category|true|category feature|0|\"基础\", \"免费\", \"高级\"");
  EXPECT_EQ(described(5), "part|identifier|false|left out|0|\"train\", \"val\", \"test\"");
  EXPECT_EQ(described(6), "churn|category|false|target|0|\"no\", \"yes\"");
}

TEST_F(PrepareDataTest, IntegersAreDescribedAsTextsAre) {
  config_.data.drop_columns = {"number", "text"};
  std::string table = "number,text,x,churn\n";
  for (int i = 0; i < 60; ++i) {
    const int value = i < 3 ? 7 : i * i;
    table += i % 5 == 4 ? fmt::format(",,{},{}\n", i % 7, i % 2)
                        : fmt::format("{},n{},{},{}\n", value, value, i % 7, i % 2);
  }
  config_.data.path = folder_.write("customers.csv", table);
  const PreparedData data = prepare_data(config_);
  EXPECT_EQ(data.columns.at(0).values, "\"7\", \"9\", \"25\" and 43 more");
  EXPECT_EQ(data.columns.at(0).missing, 12U);
  EXPECT_EQ(data.columns.at(1).values, "\"n7\", \"n9\", \"n25\" and 43 more");
}

TEST_F(PrepareDataTest, IgnoredColumnsAreNotEvenCompared) {
  config_.data.columns = {{"客户编号", preprocessing::DeclaredKind::ignore}};
  std::vector<Customer> rows = customers(60);
  rows.push_back(rows[0]);
  rows.back().number = 1;
  const PreparedData data = prepare(rows);
  EXPECT_EQ(data.duplicates, 1U);
  EXPECT_EQ(data.columns.size(), 6U);
}

TEST_F(PrepareDataTest, ColumnsThatTheTableLacksAreNamedWithTheSetting) {
  const std::string text = csv(customers(60));
  config_.data.target = "chrn";
  EXPECT_THAT(refusal(text),
              AllOf(HasSubstr("customers.csv: there is no column \"chrn\", which the target "
                              "(data.target) names. Did you mean \"churn\"?"),
                    HasSubstr("\"套餐\"")));
  config_.data.target = "churn";
  config_.data.drop_columns = {"prt"};
  EXPECT_THAT(refusal(text), HasSubstr("which data.drop_columns names. Did you mean \"part\"?"));
  config_.data.drop_columns.clear();
  config_.data.columns = {{"agee", preprocessing::DeclaredKind::ignore}};
  EXPECT_THAT(refusal(text), HasSubstr("which [data.columns] names. Did you mean \"age\"?"));
  config_.data.columns.clear();
  config_.preprocessing.number_columns = {{"spent", {}}};
  EXPECT_THAT(refusal(text), HasSubstr("which [preprocessing.number_columns] names."));
}

TEST_F(PrepareDataTest, AnIdColumnCannotHaveTheNameOfAScore) {
  for (const std::string name : {"probability", "decision", "risk_band"}) {
    std::string text = csv(customers(60));
    text.replace(0, header_line().find(','), name);
    config_.data.id_column = name;
    EXPECT_THAT(refusal(text),
                HasSubstr(fmt::format("customers.csv: the id column \"{}\" would stand in the "
                                      "file beside ebb's own column of that name: rename it "
                                      "in the table and in --id-column",
                                      name)));
    // As a feature it is one column among others.
    config_.data.id_column.clear();
    EXPECT_NO_THROW(prepare_data(config_));
  }
}

TEST_F(PrepareDataTest, MissingArgumentsAreNamed) {
  EXPECT_THAT(message_of<DataError>([&] { prepare_data({}); }), HasSubstr("--data"));
  config_.data.target.clear();
  EXPECT_THAT(refusal(csv(customers(60))), HasSubstr("--target"));
}

TEST_F(PrepareDataTest, LabelsThatCannotBeLearnedFromAreRefused) {
  std::vector<Customer> rows = customers(60);
  for (Customer& row : rows) row.leaves = false;
  EXPECT_THAT(refusal(csv(rows)), HasSubstr("every row of column \"churn\" is \"no\""));
  EXPECT_THAT(refusal(csv(customers(60)) + "1,30,0,基础,5,train,NaN\n"),
              AllOf(HasSubstr("customers.csv:62"), HasSubstr("is missing")));
}

TEST_F(PrepareDataTest, LabelledRowsAreReadForEvaluation) {
  const PreparedData data = prepare(customers(100));
  preprocessing::DriftReport drift;
  const std::vector<Customer> rows = customers(40);
  const LabelledRows labelled =
      load_labelled(folder_.write("more.csv", csv(rows)), data.pipeline, drift);
  EXPECT_EQ(labelled.rows(), 40U);
  EXPECT_EQ(drift.rows, 40U);
  EXPECT_EQ(sorted(labelled.labels), sorted([&] {
              std::vector<float> labels;
              for (const Customer& row : rows) labels.push_back(row.leaves ? 1.0F : 0.0F);
              return labels;
            }()));
  const std::string path =
      folder_.write("odd.csv", header_line() + "1,30,0,基础,5,train,perhaps\n");
  EXPECT_THAT(message_of<DataError>([&] { load_labelled(path, data.pipeline, drift); }),
              AllOf(HasSubstr("odd.csv:2"), HasSubstr("\"perhaps\"")));
}

}  // namespace
}  // namespace ebb::churn
