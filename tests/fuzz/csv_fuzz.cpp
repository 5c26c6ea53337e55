// The CSV reader: how a file is cut into blocks changes nothing, and what was read, written by the
// CSV writer, reads back as the same cells.
#include <string>
#include <vector>

#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/csv/csv_writer.h"
#include "preprocessing/csv/record_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/same_tables.h"

namespace ebb::preprocessing {
namespace {

using fuzzing::accepted;
using fuzzing::MemoryFile;
using fuzzing::require;
using fuzzing::require_same_tables;

constexpr std::size_t kSmallBlock = 64;
constexpr std::size_t kLargeBlock = std::size_t{1} << 14;  // beyond the longest input

using Cells = std::vector<std::vector<std::string>>;

CsvOptions options_for(std::optional<char> delimiter, std::size_t block_bytes) {
  CsvOptions options;
  options.delimiter = delimiter;
  options.block_bytes = block_bytes;
  return options;
}

/// All records of a file, the header first.
Cells read_cells(RecordReader& reader) {
  Cells cells{reader.header()};
  FieldBlock block;
  std::uint64_t last_line = 0;
  while (reader.next(block)) {
    for (const FieldSlice& slice : block.slices) {
      for (std::size_t row = 0; row < slice.rows(); ++row) {
        require(slice.line(row) > last_line, "lines ascend");
        last_line = slice.line(row);
        std::vector<std::string>& record = cells.emplace_back();
        for (std::size_t i = 0; i < block.columns; ++i) record.emplace_back(slice.field(row, i));
      }
    }
  }
  return cells;
}

std::optional<Cells> cells_of(const std::string& path, const CsvOptions& options) {
  return accepted([&] {
    RecordReader reader(path, options);
    return read_cells(reader);
  });
}

void check_writing(const Cells& cells, char delimiter) {
  // The mark keeps a first cell that looks like a mark or like an archive what it is.
  std::string text = "\xEF\xBB\xBF";
  for (const std::vector<std::string>& record : cells) append_csv_record(text, record, delimiter);
  const MemoryFile file(text);
  require(cells_of(file.path(), options_for(delimiter, kSmallBlock)) == cells,
          "what is written reads back");
}

void check_tables(const std::string& path, char delimiter) {
  const auto table = accepted([&] { return read_csv(path, options_for(delimiter, kLargeBlock)); });
  const auto again = accepted([&] { return read_csv(path, options_for(delimiter, kSmallBlock)); });
  require_same_tables(table, again);
}

/// The reader that takes chunks gives the same cells, however few rows it is asked for.
void check_chunks(const std::string& path, const Cells& cells, char delimiter) {
  CsvOptions options = options_for(delimiter, kSmallBlock);
  options.undeclared = UndeclaredColumns::ignore;
  options.missing_tokens = {""};
  for (const std::string& name : cells.front()) {
    options.columns.push_back({name, DeclaredKind::category});
  }
  CsvReader reader(path, options);
  Table chunk;
  std::size_t row = 1;
  while (reader.next(chunk, 3)) {
    for (std::size_t i = 0; i < chunk.rows(); ++i, ++row) {
      for (std::size_t column = 0; column < chunk.columns().size(); ++column) {
        require(chunk.columns()[column].text(i) == cells[row][column], "chunks hold the cells");
      }
    }
  }
  require(row == cells.size(), "chunks hold all rows");
}

void check_with(const std::string& path, char delimiter) {
  const auto cells = cells_of(path, options_for(delimiter, kLargeBlock));
  require(cells_of(path, options_for(delimiter, kSmallBlock)) == cells,
          "blocks do not change cells");
  check_tables(path, delimiter);
  if (!cells) return;
  check_writing(*cells, delimiter);
  if (cells->size() > 1) check_chunks(path, *cells, delimiter);
}

void check(std::string_view content) {
  const MemoryFile file(content);
  const auto sniffed =
      accepted([&] { return RecordReader(file.path(), options_for({}, kLargeBlock)).delimiter(); });
  check_with(file.path(), sniffed.value_or(','));
}

}  // namespace
}  // namespace ebb::preprocessing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::preprocessing::check(ebb::fuzzing::as_text(data, size));
  return 0;
}
