#include "preprocessing/csv/foreign_format.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "kernels/common/error.h"
#include "preprocessing/csv/byte_source.h"

namespace ebb::preprocessing {
namespace {

using namespace std::string_view_literals;

struct ForeignFormat {
  std::string_view name;       // "a Parquet file"
  std::string_view reader;     // of pandas
  std::string_view extension;  // of an example
};

constexpr ForeignFormat kParquet = {"a Parquet file", "read_parquet", ".parquet"};
constexpr ForeignFormat kArrow = {"an Arrow or Feather file", "read_feather", ".feather"};
constexpr ForeignFormat kWorkbook = {"an Excel workbook", "read_excel", ".xlsx"};
constexpr ForeignFormat kOldWorkbook = {"an old Excel workbook", "read_excel", ".xls"};

/// Whether `start` is `magic` and then a byte that no line of text has, which tells a file's
/// signature from the name of a column.
bool has_signature(std::string_view start, std::string_view magic) {
  if (!start.starts_with(magic) || start.size() == magic.size()) return false;
  const auto next = static_cast<unsigned char>(start[magic.size()]);
  return next < ' ' && next != '\t' && next != '\n' && next != '\r';
}

/// Whether a zip archive begins with a part of a workbook.
bool begins_with_part_of_workbook(std::string_view start) {
  constexpr std::size_t kNameOffset = 30;  // in the header of an entry
  const std::string_view name = start.substr(std::min(kNameOffset, start.size()));
  const auto begins = [&](std::string_view part) { return name.starts_with(part); };
  return begins("[Content_Types].xml") || begins("_rels/") || begins("docProps/") || begins("xl/");
}

/// Whether a name can stand in quotes within quotes in a shell, and in Python.
bool is_plain_name(std::string_view name) {
  constexpr std::string_view kOthers = " ._-+=@,:/%~()[]{}";
  return std::all_of(name.begin(), name.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || kOthers.find(c) != std::string_view::npos;
  });
}

[[noreturn]] void refuse(const std::filesystem::path& path, const ForeignFormat& format) {
  std::filesystem::path given = path;
  if (path == "-" || !is_plain_name(path.string()))
    given = std::string("table").append(format.extension);
  std::filesystem::path made = given;
  made.replace_extension(".csv");
  fail<DataError>(
      "{}: is {}, which ebb does not read: make a CSV file of it, such as with python3 -c \"import "
      "pandas; pandas.{}('{}').to_csv('{}', index=False)\"",
      source_name(path), format.name, format.reader, given.string(), made.string());
}

}  // namespace

void refuse_foreign_content(const std::filesystem::path& path, std::string_view start) {
  if (has_signature(start, "PAR1") || has_signature(start, "PARE")) refuse(path, kParquet);
  if (has_signature(start, "ARROW1") || has_signature(start, "FEA1")) refuse(path, kArrow);
  if (start.starts_with("\xD0\xCF\x11\xE0"sv)) refuse(path, kOldWorkbook);
  if (!start.starts_with("PK\x03\x04"sv)) return;
  if (begins_with_part_of_workbook(start)) refuse(path, kWorkbook);
  fail<DataError>("{}: is a zip archive, not a table: unpack it with unzip", source_name(path));
}

void refuse_foreign_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  if (!path.has_filename()) extension = path.parent_path().extension().string();  // "folder/"
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".parquet") refuse(path, kParquet);
}

}  // namespace ebb::preprocessing
