#include "preprocessing/csv/csv_table.h"

#include <vector>

#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/csv_writer.h"

namespace ebb::preprocessing {

std::string csv_header(const Table& table) {
  std::string text;
  append_csv_record(text, table.names());
  return text;
}

std::string csv_rows(const Table& table, std::size_t begin, std::size_t end) {
  constexpr std::size_t kRowsPerPart = 512;
  std::vector<std::string> parts((end - begin + kRowsPerPart - 1) / kRowsPerPart);
  parallel_ranges(end - begin, table.columns().size(), kRowsPerPart,
                  [&](std::size_t first, std::size_t last) {
                    std::vector<std::string> fields(table.columns().size());
                    std::string& text = parts[first / kRowsPerPart];
                    for (std::size_t row = begin + first; row < begin + last; ++row) {
                      for (std::size_t i = 0; i < fields.size(); ++i) {
                        fields[i] = table.columns()[i].text(row);
                      }
                      append_csv_record(text, fields);
                    }
                  });
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

}  // namespace ebb::preprocessing
