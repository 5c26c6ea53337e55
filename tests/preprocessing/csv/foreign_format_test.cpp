// Table files of other programs are named, with the command that makes CSV of them.
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

std::string zip_entry(const std::string& name) {
  return fmt::format("PK\x03\x04{:26}{}rest", "", name);
}

TEST(ForeignFormat, EachIsNamedWithItsConversion) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"PAR1\x15\x04\x15", "a Parquet file", "read_parquet"},
      {"PARE\x15\x04\x15", "a Parquet file", "read_parquet"},
      {"ARROW1\0\0rest"s, "an Arrow or Feather file", "read_feather"},
      {"FEA1\0\0\0\0rest"s, "an Arrow or Feather file", "read_feather"},
      {"\xD0\xCF\x11\xE0rest", "an old Excel workbook", "read_excel"},
      {zip_entry("[Content_Types].xml"), "an Excel workbook", "read_excel"},
      {zip_entry("_rels/.rels"), "an Excel workbook", "read_excel"},
      {zip_entry("xl/workbook.xml"), "an Excel workbook", "read_excel"},
  };
  for (const auto& [content, name, reader] : cases) {
    const ScratchFile file(content, ".data");
    std::filesystem::path made = file.path();
    made.replace_extension(".csv");
    const std::string expected = fmt::format(
        "{}: is {}, which ebb does not read: make a CSV file of it, such as with python3 -c "
        "\"import pandas; pandas.{}('{}').to_csv('{}', index=False)\"",
        file.path().string(), name, reader, file.path().string(), made.string());
    EXPECT_EQ(message_of([&] { read_csv(file.path()); }), expected);
    CsvOptions options;
    options.undeclared = UndeclaredColumns::ignore;
    EXPECT_EQ(message_of([&] { CsvReader(file.path(), options); }), expected);
  }
  EXPECT_EQ(read_error(zip_entry("a.csv")),
            "FILE: is a zip archive, not a table: unpack it with unzip");
}

TEST(ForeignFormat, ParquetByItsNameAlone) {
  for (const std::string suffix : {".parquet", ".PARQUET"}) {
    const ScratchFile empty("", suffix);
    EXPECT_THAT(message_of([&] { read_csv(empty.path()); }), HasSubstr("is a Parquet file"));
  }
  const ScratchFile place("", ".parquet");
  std::filesystem::remove(place.path());
  std::filesystem::create_directory(place.path());
  EXPECT_THAT(message_of([&] { read_csv(place.path()); }), HasSubstr("is a Parquet file"));
  EXPECT_THAT(message_of([&] { read_csv(place.path() / ""); }), HasSubstr("is a Parquet file"));
  EXPECT_THAT(message_of<IoError>([] { read_csv("/nonexistent/x.parquet"); }),
              HasSubstr("cannot open"));
}

TEST(ForeignFormat, ANameThatAShellWouldReadOtherwiseIsNotPrintedAsACommand) {
  const ScratchFile file("PAR1\x15\x04", "'$(x).data");
  EXPECT_THAT(message_of([&] { read_csv(file.path()); }),
              HasSubstr("pandas.read_parquet('table.parquet').to_csv('table.csv', index=False)"));
}

TEST(ForeignFormat, NamesOfColumnsAreNoSignatures) {
  EXPECT_EQ(read_text("PAR1,PAR2\n1,2\n").names(), (std::vector<std::string>{"PAR1", "PAR2"}));
  EXPECT_EQ(read_text("ARROW1\tb\n1\t2\n").columns().size(), 2U);
  EXPECT_EQ(read_text("FEA1\n1\n2\n").columns().size(), 1U);
}

}  // namespace
}  // namespace ebb::preprocessing
