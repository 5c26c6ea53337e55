// Which kind of column values make; the rules of table/inference.h.
#include "preprocessing/table/inference.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::HasSubstr;

struct KindCase {
  std::string what;
  std::string name;
  std::vector<std::string> values;  // repeated in turn until there are `rows`
  std::size_t rows;
  ColumnKind kind;
};

void PrintTo(const KindCase& kind_case, std::ostream* out) { *out << kind_case.what; }

class Inference : public ::testing::TestWithParam<KindCase> {};

TEST_P(Inference, GivesTheKind) {
  const auto& [what, name, values, rows, kind] = GetParam();
  std::string text = name + ",other\n";
  for (std::size_t row = 0; row < rows; ++row) {
    text += fmt::format("{},{}\n", values[row % values.size()], row % 3);
  }
  EXPECT_EQ(kind_name(read_text(text).column(name).kind), kind_name(kind));
}

std::vector<std::string> range(std::size_t count, std::uint64_t first, std::uint64_t step,
                               std::string_view prefix = "") {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(fmt::format("{}{}", prefix, first + i * step));
  return values;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Inference,
    ::testing::Values(
        KindCase{"zero and one", "x", {"0", "1"}, 40, ColumnKind::number},
        KindCase{"yes and no", "x", {"yes", "no"}, 40, ColumnKind::category},
        KindCase{"true and false", "x", {"True", "False"}, 40, ColumnKind::category},
        KindCase{"few whole numbers", "x", {"1", "2", "5"}, 40, ColumnKind::number},
        KindCase{"fractions, all different", "id", range(40, 1, 1, "0.5"), 40, ColumnKind::number},
        KindCase{"exponents", "x", {"1e3", "-2.5E-2", "+4"}, 40, ColumnKind::number},
        KindCase{"row numbers", "x", range(40, 1, 1), 40, ColumnKind::identifier},
        KindCase{"row numbers, some twice", "customer_id", range(98, 1, 1), 100,
                 ColumnKind::identifier},
        KindCase{"numbers issued with gaps", "x", range(1000, 15634602, 17), 1000,
                 ColumnKind::identifier},
        KindCase{"incomes that happen to differ", "income", range(60, 20011, 977), 60,
                 ColumnKind::number},
        KindCase{"ages in a tiny table", "age", range(8, 20, 5), 8, ColumnKind::number},
        KindCase{"an id in a tiny table", "userId", range(8, 20, 5), 8, ColumnKind::identifier},
        KindCase{"a Chinese id in a tiny table", "客户编号", range(8, 20, 5), 8,
                 ColumnKind::identifier},
        KindCase{"ids with repeats are not unique", "user_id", range(10, 1, 1), 40,
                 ColumnKind::number},
        KindCase{"unique texts", "x", range(40, 1, 1, "user-"), 40, ColumnKind::identifier},
        KindCase{"unique texts in a tiny table", "x", {"a", "b", "c"}, 3, ColumnKind::category},
        KindCase{"repeated texts", "x", range(20, 1, 1, "name"), 40, ColumnKind::category},
        KindCase{
            "codes with leading zeros", "x", {"00501", "10001", "02134"}, 40, ColumnKind::category},
        KindCase{"numbers that f64 cannot hold",
                 "x",
                 {"12345678901234567", "12345678901234568"},
                 40,
                 ColumnKind::category},
        KindCase{"days", "x", {"2024-01-01", "2024-02-29"}, 40, ColumnKind::category},
        KindCase{"one number", "x", {"7"}, 40, ColumnKind::constant},
        KindCase{"one text", "x", {"only"}, 40, ColumnKind::constant},
        KindCase{"nothing", "x", {""}, 40, ColumnKind::constant},
        KindCase{"one number or nothing", "x", {"7", ""}, 40, ColumnKind::category},
        KindCase{"one text or nothing", "x", {"gold", "NA"}, 40, ColumnKind::category},
        KindCase{"half numbers", "x", {"1", "many"}, 40, ColumnKind::category}));

TEST(InferenceNotes, MixedColumnsAreTold) {
  const Table table = read_text("a,b\n1,x\nmany,y\n2,x\n");
  ASSERT_EQ(table.notes.size(), 1U);
  EXPECT_EQ(table.notes[0],
            "column \"a\" is read as a category, though 2 of its 3 values are numbers; \"many\" is "
            "not");
}

TEST(InferenceNotes, DecimalCommasAreNoIdentifier) {
  std::string text = "id;code\n";
  for (int row = 0; row < 40; ++row) text += fmt::format("{},5;{},x\n", row, row);
  const Table table = read_text(text);
  EXPECT_EQ(table.column("id").kind, ColumnKind::category);
  EXPECT_EQ(table.column("code").kind, ColumnKind::identifier);
  ASSERT_EQ(table.notes.size(), 1U);
  EXPECT_EQ(table.notes[0],
            "column \"id\" holds numbers with a decimal comma, such as \"0,5\", and is read as a "
            "category: write them with a point");
  // The sample alone looks like one.
  CsvOptions options;
  options.sample_rows = 1;
  options.block_bytes = 64;
  text = "id;x\n";
  for (int row = 0; row < 100; ++row) text += fmt::format("{}{};0\n", row, row < 40 ? "" : ",5");
  EXPECT_EQ(read_text(text, options).column("id").kind, ColumnKind::category);
}

TEST(InferenceNotes, DeclaredKindsWin) {
  CsvOptions options;
  options.columns = {
      {"id", DeclaredKind::number}, {"n", DeclaredKind::category}, {"c", DeclaredKind::identifier}};
  std::string text = "id,n,c\n";
  for (int row = 0; row < 40; ++row) text += fmt::format("{},{},{}\n", row, row % 3, row % 2);
  const Table table = read_text(text, options);
  EXPECT_EQ(table.column("id").kind, ColumnKind::number);
  EXPECT_EQ(table.column("n").kind, ColumnKind::category);
  EXPECT_EQ(table.column("c").kind, ColumnKind::identifier);
}

TEST(IdentifierNames, Words) {
  for (const char* name : {"id", "ID", "user_id", "userId", "CustomerID", "RowNumber", "uuid",
                           "主键ID", "用户编号", "order key"}) {
    EXPECT_TRUE(has_identifier_name(name)) << name;
  }
  for (const char* name : {"paid", "valid", "bid", "age", "idle", "width", "keyboard", "城市"}) {
    EXPECT_FALSE(has_identifier_name(name)) << name;
  }
}

TEST(InferenceRealData, ChurnModelling) {
  EBB_REAL_DATA(path, "churn_modelling.csv");
  const Table table = read_csv(path);
  EXPECT_EQ(table.rows(), 10000U);
  EXPECT_EQ(table.column("RowNumber").kind, ColumnKind::identifier);
  EXPECT_EQ(table.column("CustomerId").kind, ColumnKind::identifier);
  EXPECT_EQ(table.column("Surname").kind, ColumnKind::category);
  for (const char* name : {"CreditScore", "Age", "Balance", "EstimatedSalary", "Exited"}) {
    EXPECT_EQ(table.column(name).kind, ColumnKind::number) << name;
  }
}

TEST(InferenceRealData, TelecomChurn) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  const Table table = read_csv(path);
  EXPECT_EQ(table.rows(), 7043U);
  const Column& charges = table.column("total_charges");
  ASSERT_EQ(charges.kind, ColumnKind::number);
  std::size_t blanks = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) blanks += charges.is_missing(row) ? 1 : 0;
  EXPECT_EQ(blanks, 11U);
  EXPECT_TRUE(
      std::none_of(table.columns().begin(), table.columns().end(), [](const Column& column) {
        return column.kind == ColumnKind::identifier || column.kind == ColumnKind::constant;
      }));
}

TEST(InferenceRealData, AnEventLogNeedsItsCodesDeclared) {
  EBB_REAL_DATA(path, "online_retail.csv.xz");
  EXPECT_THAT(message_of([&] { read_csv(path); }),
              HasSubstr("column \"InvoiceNo\": \"C536379\" is not a number"));
  CsvOptions options;
  options.columns = {{"InvoiceNo", DeclaredKind::category}, {"StockCode", DeclaredKind::category}};
  const Table table = read_csv(path, options);
  EXPECT_EQ(table.rows(), 541909U);
}

}  // namespace
}  // namespace ebb::preprocessing
