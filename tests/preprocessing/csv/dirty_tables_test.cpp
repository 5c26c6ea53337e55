// 150 random tables written by another program in every dialect (tests/data/make_dirty_tables.py).
#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;

void expect_reads_as(const json& expected, const CsvOptions& options) {
  const Table table = read_text(expected["text"].get<std::string>(), options);
  EXPECT_EQ(table.names(), expected["header"].get<std::vector<std::string>>());
  EXPECT_EQ(table.lines(), expected["lines"].get<std::vector<std::uint64_t>>());
  ASSERT_EQ(table.rows(), expected["rows"].size());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      ASSERT_EQ(table.columns()[i].text(row), expected["rows"][row][i].get<std::string>());
    }
  }
}

TEST(DirtyTables, ReadAsWritten) {
  const json tables = ebb::testing::test_json("dirty_tables.json");
  ASSERT_EQ(tables.size(), 150U);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    SCOPED_TRACE("table " + std::to_string(i));
    CsvOptions options;
    options.missing_tokens = {};
    options.delimiter = tables[i]["delimiter"].get<std::string>().front();
    for (const auto& name : tables[i]["header"]) {
      options.columns.push_back({name.get<std::string>(), DeclaredKind::category});
    }
    for (const std::size_t block_bytes : {64U, 1U << 20}) {
      options.block_bytes = block_bytes;
      expect_reads_as(tables[i], options);
    }
  }
}

}  // namespace
}  // namespace ebb::preprocessing
