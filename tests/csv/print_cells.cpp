// Reads CSV files from standard input and prints their cells, for compare_with_python.py.
//
//   in:  DELIMITER_CODE BLOCK_BYTES SIZE\n, then SIZE bytes; again for each file
//   out: a line of JSON for each: {"rows": [[cell, ...], ...], "lines": [...]}, header first, its
//        line left out; or {"error": message}
#include <iostream>

#include <nlohmann/json.hpp>

#include "preprocessing/csv/record_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;

json read_all(const std::string& path, const CsvOptions& options) {
  RecordReader reader(path, options);
  json rows = json::array();
  rows.push_back(reader.header());
  json lines = json::array();
  FieldBlock block;
  while (reader.next(block)) {
    for (const FieldSlice& slice : block.slices) {
      for (std::size_t row = 0; row < slice.rows(); ++row) {
        json& cells = rows.emplace_back(json::array());
        for (std::size_t i = 0; i < block.columns; ++i) cells.push_back(slice.field(row, i));
        lines.push_back(slice.line(row));
      }
    }
  }
  return {{"rows", rows}, {"lines", lines}};
}

json answer(const std::string& content, const CsvOptions& options) {
  const fuzzing::MemoryFile file(content);
  try {
    return read_all(file.path(), options);
  } catch (const DataError& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace
}  // namespace ebb::preprocessing

int main() {
  int delimiter = 0;
  std::size_t block_bytes = 0;
  std::size_t size = 0;
  while (std::cin >> delimiter >> block_bytes >> size && std::cin.get() == '\n') {
    std::string content(size, '\0');
    std::cin.read(content.data(), static_cast<std::streamsize>(size));
    ebb::preprocessing::CsvOptions options;
    options.delimiter = static_cast<char>(delimiter);
    options.block_bytes = block_bytes;
    std::cout << ebb::preprocessing::answer(content, options).dump() << '\n';
  }
  return 0;
}
