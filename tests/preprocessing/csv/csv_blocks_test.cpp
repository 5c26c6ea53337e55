// How a file is cut into blocks and slices, and by how many threads, changes nothing.
#include <random>

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

/// The table, and the error if it has one.
struct Result {
  Table table;
  std::string error;
};

Result read_with(std::string_view text, std::size_t block_bytes, int threads) {
  const ThreadCount count(threads);
  CsvOptions options;
  options.block_bytes = block_bytes;
  options.delimiter = ',';
  const ScratchFile file(text);
  Result result;
  try {
    result.table = read_csv(file.path(), options);
  } catch (const DataError& error) {
    result.error = error.what();
    result.error.erase(0, file.path().string().size());
  }
  return result;
}

std::string random_cell(std::mt19937& generator, std::size_t column, std::size_t row) {
  if (generator() % 20 == 0) return "";
  switch (column) {
    case 0:
      return std::to_string(1000 + row);
    case 1:
      return std::to_string(generator() % 100000) + "." + std::to_string(generator() % 100);
    case 2:
      return "level " + std::to_string(generator() % (1 + row / 10));
    default:
      return generator() % 2 == 0 ? " yes\t" : "客户";
  }
}

/// A table of lines, most of them plain; `odd` counts in how many something is unusual.
std::string random_table(std::mt19937& generator, std::size_t rows, std::size_t odd) {
  std::string text = "id,amount,level,answer\n";
  for (std::size_t row = 0; row < rows; ++row) {
    const bool is_odd = generator() % rows < odd;
    const std::size_t kind = generator() % 4;
    if (is_odd && kind == 0) text += "  \n";
    for (std::size_t column = 0; column < 4; ++column) {
      if (column > 0) text += ',';
      std::string cell = random_cell(generator, column, row);
      if (is_odd && kind == 1) cell = '"' + cell + '"';
      if (is_odd && kind == 3 && column == 2) cell.append(1200, 'x');
      text += cell;
    }
    text += is_odd && kind == 2 ? "\r\n" : "\n";
  }
  return text;
}

void expect_same_in_all_blocks(const std::string& text) {
  const Result whole = read_with(text, std::size_t{1} << 20, 1);
  for (const std::size_t block_bytes : {64U, 200U, 1000U, 5000U, 1U << 20}) {
    for (const int threads : {1, 4}) {
      SCOPED_TRACE(::testing::Message() << block_bytes << " bytes, " << threads << " threads");
      const Result result = read_with(text, block_bytes, threads);
      ASSERT_EQ(result.error, whole.error);
      if (whole.error.empty()) expect_equal(result.table, whole.table);
    }
  }
}

TEST(CsvBlocks, ChangeNoTable) {
  std::mt19937 generator(3);
  for (const std::size_t rows : {1U, 7U, 60U, 300U}) {
    for (const std::size_t odd : {0U, 1U, 5U}) {
      for (int i = 0; i < 4; ++i) expect_same_in_all_blocks(random_table(generator, rows, odd));
    }
  }
}

TEST(CsvBlocks, ChangeNoError) {
  const std::string good = "1,2,3,4\n5,6,7,8\n";
  for (const char* bad : {"1,2,3\n", "1,2,3\n1,2,3,4,5\n", "1,2,3,4,5\n", "1,2\r2,3,4\n",
                          "1,2,\xFF,4\n", "1,\"2\"x,3,4\n"}) {
    std::string text = "a,b,c,d\n";
    for (int i = 0; i < 40; ++i) text += good;
    text += bad;
    for (int i = 0; i < 40; ++i) text += good;
    expect_same_in_all_blocks(text);
    EXPECT_THAT(read_error(text), ::testing::StartsWith("FILE:82")) << bad;
  }
}

TEST(CsvBlocks, OfSeveralTextsInNumberColumnsTheFirstRowIsNamed) {
  CsvOptions options;
  options.columns = {{"a", DeclaredKind::number}, {"b", DeclaredKind::number}};
  EXPECT_THAT(read_error("a,b\n1,2\n3,x\ny,4\n", options),
              ::testing::StartsWith("FILE:3: column \"b\": \"x\""));
  EXPECT_THAT(read_error("a,b\n1,2\ny,x\n", options),
              ::testing::StartsWith("FILE:3: column \"a\": \"y\""));
}

TEST(CsvBlocks, IdentifiersThatAreIntegersAtFirstBecomeTexts) {
  std::string text = "customer_id,x\n";
  std::vector<std::string> ids;
  for (int i = 0; i < 500; ++i) {
    ids.push_back(i == 20 ? "" : i < 400 ? std::to_string(7 * i) : "k" + std::to_string(i));
    text += ids.back() + ",1.5\n";
  }
  CsvOptions options;
  options.columns = {{"customer_id", DeclaredKind::identifier}};
  for (const std::size_t block_bytes : {64U, 1000U, 1U << 20}) {
    options.block_bytes = block_bytes;
    const Table table = read_text(text, options);
    ASSERT_EQ(table.rows(), ids.size());
    for (std::size_t row = 0; row < ids.size(); ++row) {
      ASSERT_EQ(table.column("customer_id").text(row), ids[row]);
    }
  }
}

TEST(CsvBlocks, IntegersKeepTheirSpelling) {
  for (const char* odd : {"007", "+5", "-0", "1234567890123456", "5.0"}) {
    std::string text = "customer_id,x\n";
    for (int i = 0; i < 50; ++i) text += std::to_string(100 + i) + ",2\n";
    text += std::string(odd) + ",3\n";
    CsvOptions options;
    options.columns = {{"customer_id", DeclaredKind::identifier}};
    const Table table = read_text(text, options);
    EXPECT_EQ(table.column("customer_id").text(0), "100");
    EXPECT_EQ(table.column("customer_id").text(50), odd);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
