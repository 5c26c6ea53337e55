// JSON lines: the same table as CSV gives, and a message for each line that is none.
#include <fstream>
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

CsvOptions json_lines(CsvOptions options = {}) {
  options.format = TextFormat::json_lines;
  return options;
}

Table read_lines(std::string_view text, const CsvOptions& options = {}) {
  return read_text(text, json_lines(options));
}

std::string refusal(std::string_view text, const CsvOptions& options = {}) {
  return read_error(text, json_lines(options));
}

std::vector<std::string> values_of(const Table& table, std::string_view name) {
  std::vector<std::string> values;
  for (std::size_t row = 0; row < table.rows(); ++row)
    values.push_back(table.column(name).text(row));
  return values;
}

/// The same events in both formats: texts with quotes and breaks, numbers, missing values, codes.
/// The blank line stands where CSV has its header, so that the numbers of lines agree too.
struct Events {
  std::string csv = "user,at,value,note,city,paid,big\n";
  std::string json = "\n";
};

Events events(std::size_t count) {
  Events made;
  for (std::size_t row = 0; row < count; ++row) {
    const std::string value =
        row % 11 == 0 ? "" : fmt::format("{}.{:02}", row * 37 % 1009, row % 97);
    const std::string note = row % 7 == 0 ? "a \"b\", c\\d" : row % 5 == 0 ? " padded " : "plain";
    std::string quoted = note;
    for (std::size_t at = 0; (at = quoted.find('"', at)) != std::string::npos; at += 2)
      quoted.insert(at, 1, '"');
    const std::string user = fmt::format("u{:03}", row % 501);
    const std::string at = fmt::format("2024-01-{:02}", row % 28 + 1);
    const std::string city = row % 3 == 0 ? "北京" : "上海";
    const bool is_paid = row % 2 == 0;
    const std::uint64_t big = 18446744073709551615U - row % 3;
    made.csv +=
        fmt::format("{},{},{},\"{}\",{},{},{}\n", user, at, value, quoted, city, is_paid, big);
    // Keys in another order on every second line; no value is null, or no key at all.
    std::string number = fmt::format("\"value\": {},", value);
    if (value.empty()) number = row % 2 == 0 ? "" : "\"value\":null,";
    const std::string text = nlohmann::json(note).dump();
    if (row % 2 == 0) {
      made.json +=
          fmt::format(R"({{"user":"{}","at":"{}",{}"note":{},"city":"{}","paid":{},"big":{}}})",
                      user, at, number, text, city, is_paid, big);
      made.json += '\n';
    } else {
      made.json += fmt::format(
          R"({{"big": {}, "note" : {}, "city":"{}" ,{} "user":"{}", "paid":{},"at":"{}"}})", big,
          text, city, number, user, is_paid, at);
      made.json += "\r\n";
    }
  }
  return made;
}

/// The columns of a table by the names of another, since JSON's come as its first lines have them.
Table in_order_of(const Table& table, const Table& other) {
  Table ordered(table.source(), table.lines());
  for (const std::string& name : other.names()) ordered.add(table.column(name));
  return ordered;
}

TEST(JsonLines, AreTheTableThatCsvGives) {
  const Events made = events(3000);
  const Table csv = read_text(made.csv);
  EXPECT_EQ(csv.column("value").kind, ColumnKind::number);
  EXPECT_EQ(csv.column("paid").kind, ColumnKind::category);
  for (const int threads : {1, 3}) {
    const ThreadCount count(threads);
    for (const std::size_t block : {std::size_t{64}, std::size_t{5000}, std::size_t{4} << 20}) {
      CsvOptions options;
      options.block_bytes = block;
      const Table json = read_lines(made.json, options);
      EXPECT_EQ(json.columns().size(), csv.columns().size());
      expect_equal(in_order_of(json, csv), csv);
      EXPECT_EQ(json.notes, csv.notes);
    }
  }
}

TEST(JsonLines, AreReadInChunksAlike) {
  const Events made = events(1000);
  CsvOptions options;
  options.undeclared = UndeclaredColumns::ignore;
  options.columns = {{"value", DeclaredKind::number}, {"user", DeclaredKind::identifier}};
  options.block_bytes = 3000;
  const ScratchFile csv(made.csv);
  const ScratchFile json(made.json, ".jsonl");
  CsvReader from_csv(csv.path(), options);
  CsvReader from_json(json.path(), options);
  Table expected;
  Table chunk;
  std::size_t rows = 0;
  while (from_csv.next(expected, 77)) {
    ASSERT_TRUE(from_json.next(chunk, 77));
    expect_equal(in_order_of(chunk, expected), expected);
    rows += chunk.rows();
  }
  EXPECT_EQ(rows, 1000U);
  EXPECT_FALSE(from_json.next(chunk, 77));
}

TEST(JsonLines, AreToldByTheNameOrTheOption) {
  const std::string text = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n";
  for (const char* suffix :
       {".jsonl", ".ndjson", ".NDJSON", ".jsonl.gz", ".ndjson.xz", ".jsonl.zst"}) {
    const ScratchFile file(text, suffix);
    EXPECT_THAT(read_csv(file.path()).names(), ElementsAre("a", "b")) << suffix;
  }
  const ScratchFile file("{\"a\"\n1\n", ".jsonl");
  CsvOptions options;
  options.format = TextFormat::csv;
  EXPECT_THAT(read_csv(file.path(), options).names(), ElementsAre("{\"a\""));
  EXPECT_EQ(read_error(text),
            "FILE: the file holds JSON: JSON lines are read from files named .jsonl or .ndjson");
}

TEST(JsonLines, MayBeCompressed) {
  const Events made = events(200);
  const ScratchFile file("", ".jsonl.gz");
  gzFile out = gzopen(file.path().c_str(), "wb");
  gzwrite(out, made.json.data(), static_cast<unsigned>(made.json.size()));
  gzclose(out);
  const Table csv = read_text(made.csv);
  expect_equal(in_order_of(read_csv(file.path()), csv), csv);
}

TEST(JsonLines, ValuesAreSpelledAsInTheFile) {
  const Table table = read_lines(
      "\xEF\xBB\xBF{\"n\":1.50,\"t\":\"caf\\u00e9 \\ud83d\\ude00\",\"s\":\"007\",\"e\":\"\"}\r\n"
      "\n  \t \n"
      " {\"n\":-2E3,\"t\":\"line\\nbreak\",\"s\":\"010\",\"e\":null} \n"
      "{}\n"
      "{\"t\":true}");
  EXPECT_THAT(values_of(table, "n"), ElementsAre("1.5", "-2000", "", ""));
  EXPECT_THAT(values_of(table, "t"), ElementsAre("café 😀", "line\nbreak", "", "true"));
  EXPECT_THAT(values_of(table, "s"), ElementsAre("007", "010", "", ""));
  EXPECT_EQ(table.column("e").kind, ColumnKind::constant);
  EXPECT_THAT(table.lines(), ElementsAre(1, 4, 5, 6));
}

TEST(JsonLines, NullIsMissingWhateverTheTokensAre) {
  CsvOptions options;
  options.missing_tokens = {"-999", "?"};
  options.columns = {{"b", DeclaredKind::category}};
  const Table table =
      read_lines("{\"a\":1,\"b\":\"\"}\n{\"a\":null}\n{\"a\":-999,\"b\":\"?\"}\n", options);
  EXPECT_THAT(values_of(table, "a"), ElementsAre("1", "", ""));
  EXPECT_FALSE(table.column("b").is_missing(0));
  EXPECT_TRUE(table.column("b").is_missing(1));
  EXPECT_TRUE(table.column("b").is_missing(2));
}

TEST(JsonLines, EachBadLineIsNamed) {
  const std::string good = "{\"a\":1}\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\"a\":1",
       "FILE:2:7: this is no JSON in UTF-8: each line is to be an object such as "
       "{\"customer\": 7, \"time\": \"2024-01-31\"}"},
      {"{\"a\":NaN}", "FILE:2:6: this is no JSON"},
      {"{\"a\":01}", "FILE:2:7: this is no JSON"},
      {"{'a':1}", "FILE:2:2: this is no JSON"},
      {"{\"a\":1}{\"a\":2}", "FILE:2:8: this is no JSON"},
      {"{\"a\":\"\xff\"}", "FILE:2:7: this is no JSON"},
      {"{\"a\":\"\\ud800\"}", "FILE:2:13: this is no JSON"},
      {"{\"a\":\"\\u0000\"}", "FILE:2: the key \"a\" has a NUL character"},
      {"{\"a\":1e999}", "FILE:2:10: the number 1e999 is beyond the largest"},
      {"{\"a\":1,\"a\":2}", "FILE:2: the key \"a\" stands twice on the line"},
      {"{\"\":1}", "FILE:2: a key is empty"},
      {"{\"a\":{\"b\":1}}", "FILE:2: the key \"a\" holds an object: a value is a text, a number"},
      {"{\"b\":2,\"a\":[1]}", "FILE:2: the key \"a\" holds an array"},
      {"[{\"a\":1}]", "FILE:2: the line holds an array, of which jq -c '.[]' makes lines"},
      {"7", "FILE:2: the line holds a single value"},
      {"\"text\"", "FILE:2: the line holds a text"},
      {"null", "FILE:2: the line holds null"},
      {"a,b", "FILE:2:1: this is no JSON"},
  };
  for (const auto& [line, expected] : cases) {
    EXPECT_THAT(refusal(good + line + "\n" + good), StartsWith(expected)) << line;
  }
  EXPECT_EQ(refusal(""), "FILE: the file is empty: expected an object on each line");
  EXPECT_EQ(refusal("\n \n"), "FILE: the file is empty: expected an object on each line");
  EXPECT_EQ(refusal("{}\n{}\n"), "FILE: no line has a key, so there are no columns");
  EXPECT_THAT(refusal("\xFF\xFE{"), HasSubstr("the file is UTF-16"));
}

TEST(JsonLines, OfSeveralBadLinesTheFirstIsNamed) {
  std::string text;
  for (int row = 0; row < 5000; ++row) text += row > 3000 ? "{\"a\":[]}\n" : "{\"a\":1}\n";
  CsvOptions options;
  options.block_bytes = 4096;
  for (const int threads : {1, 3}) {
    const ThreadCount count(threads);
    EXPECT_THAT(refusal(text, options), StartsWith("FILE:3002: the key \"a\" holds an array"));
  }
}

TEST(JsonLines, DeepNestingIsRefusedAtItsSecondBracket) {
  const std::string deep = "{\"a\":" + std::string(1'000'000, '[');
  EXPECT_THAT(refusal(deep), StartsWith("FILE:1: the key \"a\" holds an array"));
}

TEST(JsonLines, ALineMayNotBeTooLongNorHaveTooManyKeys) {
  CsvOptions options;
  options.max_record_bytes = 1 << 20;
  const std::string text = "{\"a\":\"" + std::string(20 << 20, 'x');
  EXPECT_EQ(
      refusal(text, options),
      "FILE:1: a record longer than 1048576 bytes begins here: each line ends with LF or CRLF");
  std::string keys = "{";
  for (int i = 0; i < 100'001; ++i) keys += fmt::format("{}\"{}\":1", i == 0 ? "" : ",", i);
  EXPECT_EQ(refusal(keys + "}\n"), "FILE:1: the line has more than 100000 keys");
}

TEST(JsonLines, ManyKeysOfWhichLinesHaveFewWouldFillTheMemory) {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) text += fmt::format("{}\"{}\":1", i == 0 ? "" : ",", i);
  text += "}\n";
  for (int i = 0; i < 20'000; ++i) text += "{}\n";
  EXPECT_THAT(refusal(text),
              HasSubstr("the file has 50000 keys, and few of them stand on each line"));
}

TEST(JsonLines, AKeyThatComesLateIsNoColumn) {
  std::string text;
  const std::string row = "{\"a\":1,\"b\":\"" + std::string(1 << 20, 'x') + "\"}\n";
  for (int i = 0; i < 17; ++i) text += row;
  text += "{\"a\":2,\"late\":1}\n";
  EXPECT_THAT(
      refusal(text),
      StartsWith("FILE:18: the key \"late\" comes here for the first time, behind the first "
                 "16 MiB"));
  CsvOptions options;
  options.undeclared = UndeclaredColumns::ignore;
  options.columns = {{"a", DeclaredKind::number}};
  EXPECT_EQ(read_lines(text, options).column("a").numbers.back(), 2.0);
}

TEST(JsonLines, ColumnsAreWantedAsThoseOfCsv) {
  const std::string text = "{\"age\":1,\"plan\":\"x\"}\n{\"plan\":\"y\"}\n";
  CsvOptions options;
  options.columns = {{"plan", DeclaredKind::ignore}};
  EXPECT_THAT(read_lines(text, options).names(), ElementsAre("age"));
  options.columns = {{"agee", DeclaredKind::number}};
  EXPECT_THAT(refusal(text, options), HasSubstr("Did you mean \"age\"?"));
  options.columns = {{"plan", DeclaredKind::number}};
  EXPECT_THAT(refusal(text, options), StartsWith("FILE:1: column \"plan\": \"x\" is not a number"));
}

}  // namespace
}  // namespace ebb::preprocessing
