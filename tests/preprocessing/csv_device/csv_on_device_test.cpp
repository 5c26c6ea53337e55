// Tables read on the device under test: those that the host reads, and its errors.
#include "preprocessing/csv_device/csv_on_device.h"

#include <sys/stat.h>
#include <thread>

#include "preprocessing/csv/records.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

enum class By { device, host };

/// Chunks of 512 bytes, so that small files have many.
CsvOptions small_blocks() {
  CsvOptions options;
  options.block_bytes = 64;
  return options;
}

/// The file's table by the device is that by the host, and `by` read it.
void expect_same_table(const std::filesystem::path& path, By by, const CsvOptions& options) {
  const Table expected = read_csv(path, options);
  DeviceRead read = read_csv_on_device(path, options, test_device());
  EXPECT_EQ(read.is_by_device, by == By::device);
  const std::vector<std::string> names = read.table.names();
  expect_equal(read.table.download(names), expected);
  EXPECT_EQ(read.table.origin().source(), expected.source());
  EXPECT_EQ(read.origin->notes, expected.notes);
  const Table on_host = read_csv_by_way_of(test_device(), path, options);
  expect_equal(on_host, expected);
  EXPECT_EQ(on_host.source(), expected.source());
  EXPECT_EQ(on_host.notes, expected.notes);
  EXPECT_EQ(on_host.stray_texts.size(), expected.stray_texts.size());
}

void expect_same(std::string_view text, By by, const CsvOptions& options = small_blocks()) {
  SCOPED_TRACE(std::string(text.substr(0, 80)));
  expect_same_table(ScratchFile(text).path(), by, options);
}

void expect_same_error(std::string_view text, const CsvOptions& options = small_blocks()) {
  SCOPED_TRACE(std::string(text.substr(0, 80)));
  const ScratchFile file(text);
  const std::string expected = message_of<Error>([&] { read_csv(file.path(), options); });
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(message_of<Error>([&] { read_csv_on_device(file.path(), options, test_device()); }),
            expected);
}

CsvOptions declared(std::vector<ColumnDeclaration> columns) {
  CsvOptions options = small_blocks();
  options.columns = std::move(columns);
  return options;
}

TEST(CsvOnDevice, ReadsWhatIsRegular) {
  for (const std::string_view text : {
           "a,b\n1,2\n3,4\n",
           "a,b\n1,2\n3,4",
           "a,b\r\n1,2\r\n3,4\r\n",
           "a,b\r\n1,2\r\n3,4\r",
           "\xEF\xBB\xBF"
           "a,b\n1,2\n3,4\n",
           "\n\na,b\n1,2\n3,4\n\n \r\n\t\n",
           "a;b\n1;2\n3;4\n",
           "a\tb\tc\n1\t\t2\n3\t4 \t\n",
           "a|b\n1|x\n3|y\n",
           "a,b\n,\n1,\n",
           "a,b\nNA,x\n1,None\n",
           "a,b\n 1 ,\tx\n2, x \n",
           "a,b\n\"1\",\"x,y\"\n\"2\",\"x\ny\"\n 3 , \"z\" \r\n",
           "a,b\n1,\"say \"\"no\"\"\"\n2,\"\"\"\"\n3,\"\"\n",
           "a,b\n1,\"x\r\ny\"\n2,\"\n\n\n\"\n3,z\n",
           "a,\"b\nc\"\n1,2\n3,4\n",
           "a,b\n1,\xC3\xA9\n2,\xE4\xBD\xA0\n",
           "a,b\n5,5\n5,5\n",
           "a,b\n5,\n5,7\n",
           "a,b\n-0,x\n0,y\n",
           "a,b\n00501,1e400\n00502,x\n",
           "a,b\n1234567890123456789,1\n1234567890123456780,2\n",
       }) {
    expect_same(text, By::device);
  }
}

TEST(CsvOnDevice, ReadsRecordsLongerThanAChunk) {
  const std::string longer(3000, 'x');
  expect_same("a,b\n1,y\n2,\"" + longer + "\n" + longer + "\"\n3,z\n", By::device);
  CsvOptions options = small_blocks();
  options.max_record_bytes = 1000;
  expect_same_error("a,b\n1,y\n2," + longer + "\n3,z\n", options);
  options.max_record_bytes = 4000;
  expect_same("a,b\n1,y\n2," + longer + "\n3,z\n", By::device, options);
}

TEST(CsvOnDevice, LeavesTheRestToTheHost) {
  for (const std::string_view text : {
           "a\n1\n2\n",
           "a,b\n1,2\n\n3,4\n",
           "a,b\n1,5\" tall\n2,6\" tall\n",
           "a,b\n1,2\r\r\n3,4\n",
       }) {
    expect_same(text, By::host);
  }
  CsvOptions blanks = small_blocks();
  blanks.delimiter = kBlanks;
  expect_same("a b\n1  2\n3\t4\n", By::host, blanks);
  const ScratchFile lines("{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 4}\n", ".jsonl");
  expect_same_table(lines.path(), By::host, small_blocks());
  CsvOptions stray = declared({{"a", DeclaredKind::number}});
  stray.text_among_numbers = TextAmongNumbers::missing;
  expect_same("a,b\n1,2\nx,3\n4,4\n", By::host, stray);
  expect_same("a,b\n1,2\n,3\n4,4\n", By::device, stray);
}

TEST(CsvOnDevice, SaysWhatTheHostSays) {
  for (const std::string_view text : {
           "",
           "a,b\n",
           "a,b\n\n \n",
           "a,a\n1,2\n",
           "a,b\n1\n",
           "a,b\n1,2\n3,4,5\n6,7\n",
           "a,b\n1,2\n3\n4,5,6\n",
           "a,b\n1,\"x\n2,3\n",
           "a,b\n1,\"x\"y\n2,3\n",
           "a,b\n1,2\r3,4\n",
           "a,b\n1,\xFF\n",
           "a,b\n1,\xC3\n2,3\n",
           "a,b\n1,\xC3",
       }) {
    expect_same_error(text);
  }
  using namespace std::string_view_literals;
  expect_same_error("a,b\n1,\0\n"sv);
  expect_same_error("a,b\n1,2\nx,3\n", declared({{"a", DeclaredKind::number}}));
  expect_same_error("a,b\n1,2\n1e309,3\n", declared({{"a", DeclaredKind::number}}));
  expect_same_error("a,b\n1,2\n3,4\n", declared({{"c", DeclaredKind::number}}));
  std::string late = "a,b\n";
  for (int i = 0; i < 500; ++i) late += "1.5,x\n";
  expect_same_error(late + "1.5\n");
  expect_same_error(late + "y,z\n", declared({{"a", DeclaredKind::number}}));
  CsvOptions options = small_blocks();
  options.max_record_bytes = 1000;
  expect_same_error("a,b\n1,\"" + std::string(5000, 'x'), options);
  expect_same_error("a,b\n1," + std::string(5000, 'x'), options);
}

TEST(CsvOnDevice, TakesDeclaredKinds) {
  const std::string_view text = "id,n,c,skip\n1,1.5,2,x\n2,,3,y\n3,2.5,,z\n";
  expect_same(text, By::device,
              declared({{"id", DeclaredKind::identifier},
                        {"n", DeclaredKind::number},
                        {"c", DeclaredKind::category},
                        {"skip", DeclaredKind::ignore}}));
  CsvOptions some = declared({{"c", DeclaredKind::number}});
  some.undeclared = UndeclaredColumns::ignore;
  expect_same(text, By::device, some);
  expect_same("id,n\nab,1\ncd,2\n", By::device, declared({{"id", DeclaredKind::identifier}}));
  CsvOptions tokens = small_blocks();
  tokens.missing_tokens = {"-", "999", "n\"a"};
  expect_same("a,b\n1,-\n999,x\n\"n\"\"a\",\"-\"\n2,\n", By::device, tokens);
}

/// Fields of every kind, of lengths that put the ends of chunks everywhere.
std::string random_table(std::uint64_t seed, std::size_t rows, std::size_t columns,
                         bool has_quotes) {
  SplitMix64 generator(seed, seed);
  const std::string_view line_end = generator.below(2) == 0 ? "\n" : "\r\n";
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) text += (i > 0 ? "," : "") + ("c" + std::to_string(i));
  text += line_end;
  const std::string_view texts[] = {"yes",           "no",  "\xE4\xBD\xA0\xE5\xA5\xBD",
                                    "a longer text", "x y", ""};
  const std::string_view quoted[] = {"\"a,b\"", "\"x\ny\"", "\"say \"\"no\"\"\"",
                                     "\"\"",    " \"z\" ",  "\"\"\"\r\n\"\"\""};
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      if (i > 0) text += ',';
      if (i % 3 == 0) {
        if (generator.below(8) > 0)
          text +=
              std::to_string(generator.below(100000)) + "." + std::to_string(generator.below(1000));
      } else if (i % 3 == 1) {
        text += has_quotes && generator.below(2) == 0 ? quoted[generator.below(std::size(quoted))]
                                                      : texts[generator.below(std::size(texts))];
      } else {
        text += std::to_string(row + 1000);
      }
    }
    if (row + 1 < rows || generator.below(2) == 0) text += line_end;
  }
  return text;
}

TEST(CsvOnDevice, ReadsRandomTables) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    expect_same(random_table(seed, 60 + 7 * seed, 2 + seed % 5, seed % 2 == 0), By::device);
  }
  expect_same(random_table(20, 3000, 7, true), By::device, CsvOptions());
  expect_same(random_table(21, 4, 400, true), By::device);
}

TEST(CsvOnDevice, InfersKindsFromTheSampleAlone) {
  CsvOptions options = small_blocks();
  options.sample_rows = 10;
  std::string text = "n,t,late\n";
  for (int i = 0; i < 200; ++i) {
    text += std::to_string(i % 50) + ".5," + (i % 3 == 0 ? "a" : "b") + "," +
            (i < 100 ? "" : std::to_string(i % 7)) + "\n";
  }
  expect_same(text, By::device, options);
  expect_same_error(text + "x,a,1\n", options);
}

TEST(CsvOnDevice, LeavesPipesToTheHost) {
  const std::string_view text = "a,b\n1,x\n2,y\n";
  const ScratchFile place("", ".fifo");
  std::filesystem::remove(place.path());
  ASSERT_EQ(::mkfifo(place.path().c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(place.path(), std::ios::binary) << text; });
  DeviceRead read = read_csv_on_device(place.path(), {}, test_device());
  writer.join();
  EXPECT_FALSE(read.is_by_device);
  const Table table = read.table.download(read.table.names());
  EXPECT_EQ(table.numbers("a"), (std::vector<double>{1, 2}));
}

TEST(CsvOnDevice, SaysThatAFileIsNotThere) {
  const auto message = message_of<Error>(
      [] { read_csv_on_device("/does/not/exist.csv", CsvOptions(), test_device()); });
  EXPECT_EQ(message, message_of<Error>([] { read_csv("/does/not/exist.csv"); }));
}

}  // namespace
}  // namespace ebb::preprocessing
