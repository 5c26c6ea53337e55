// The reader of JSON lines: how a file is cut into blocks changes nothing, and each row holds what
// a parser of whole documents finds on its line.
#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/csv/json_lines_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/same_tables.h"

namespace ebb::preprocessing {
namespace {

using fuzzing::accepted;
using fuzzing::MemoryFile;
using fuzzing::require;
using fuzzing::require_same_tables;
using nlohmann::json;

constexpr std::size_t kSmallBlock = 64;
constexpr std::size_t kLargeBlock = std::size_t{1} << 14;  // beyond the longest input
const std::string kNothing = "nothing that JSON can spell\x01";

struct Cells {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::uint64_t> lines;
  bool operator==(const Cells&) const = default;
};

CsvOptions options_for(std::size_t block_bytes) {
  CsvOptions options;
  options.format = TextFormat::json_lines;
  options.block_bytes = block_bytes;
  return options;
}

std::optional<Cells> cells_of(const std::string& path, std::size_t block_bytes) {
  return accepted([&] {
    CsvOptions options = options_for(block_bytes);
    options.missing_tokens = {kNothing};
    JsonLinesReader reader(path, options);
    Cells cells{reader.header(), {}, {}};
    FieldBlock block;
    while (reader.next(block)) {
      for (const FieldSlice& slice : block.slices) {
        for (std::size_t row = 0; row < slice.rows(); ++row) {
          cells.lines.push_back(slice.line(row));
          std::vector<std::string>& record = cells.rows.emplace_back();
          for (std::size_t i = 0; i < block.columns; ++i) record.emplace_back(slice.field(row, i));
        }
      }
    }
    return cells;
  });
}

/// Whether `cell` is what CSV would hold for a value.
bool spells(const std::string& cell, const json& value) {
  if (value.is_null()) return cell == kNothing;
  if (value.is_string()) return cell == value.get<std::string>();
  const json read = json::parse(cell, nullptr, false);
  return read == value || cell == value.dump();
}

void check_lines(std::string_view text, const Cells& cells) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::uint64_t line = 1;
  std::size_t row = 0;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view content = text.substr(at, end - at);
    at = end + 1;
    if (content.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    require(row < cells.rows.size() && cells.lines[row] == line, "each line is a row");
    const json object = json::parse(content);
    for (std::size_t i = 0; i < cells.header.size(); ++i) {
      const auto found = object.find(cells.header[i]);
      require(spells(cells.rows[row][i], found == object.end() ? json() : *found),
              "a row holds the values of its line");
    }
    for (const auto& [key, value] : object.items()) {
      require(std::count(cells.header.begin(), cells.header.end(), key) == 1,
              "each key is one column");
    }
    ++row;
  }
  require(row == cells.rows.size(), "each row is a line");
}

void check_tables(const std::string& path) {
  const auto table = accepted([&] { return read_csv(path, options_for(kLargeBlock)); });
  const auto again = accepted([&] { return read_csv(path, options_for(kSmallBlock)); });
  require_same_tables(table, again);
}

void check(std::string_view content) {
  const MemoryFile file(content);
  const auto cells = cells_of(file.path(), kLargeBlock);
  require(cells_of(file.path(), kSmallBlock) == cells, "blocks do not change cells");
  check_tables(file.path());
  // What is compressed is another text.
  if (cells && !content.starts_with("\x1f\x8b") && !content.starts_with("\xfd")) {
    check_lines(content, *cells);
  }
}

}  // namespace
}  // namespace ebb::preprocessing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::preprocessing::check(ebb::fuzzing::as_text(data, size));
  return 0;
}
