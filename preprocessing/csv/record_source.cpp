#include "preprocessing/csv/record_source.h"

#include <algorithm>
#include <cctype>

#include "preprocessing/csv/json_lines_reader.h"
#include "preprocessing/csv/record_reader.h"

namespace ebb::preprocessing {
namespace {

/// Whether the file's name ends as those of JSON lines do, compressed or not.
bool is_named_json_lines(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::filesystem::path file(name);
  const std::string last = file.extension().string();
  if (last == ".gz" || last == ".xz" || last == ".zst") file.replace_extension();
  return file.extension() == ".jsonl" || file.extension() == ".ndjson";
}

}  // namespace

bool is_json_lines(const std::filesystem::path& path, const CsvOptions& options) {
  return options.format == TextFormat::by_name ? is_named_json_lines(path)
                                               : options.format == TextFormat::json_lines;
}

std::unique_ptr<RecordSource> open_records(const std::filesystem::path& path,
                                           const CsvOptions& options) {
  if (is_json_lines(path, options)) return std::make_unique<JsonLinesReader>(path, options);
  return std::make_unique<RecordReader>(path, options);
}

}  // namespace ebb::preprocessing
