#include "preprocessing/csv/csv_writer.h"

namespace ebb::preprocessing {
namespace {

bool needs_quotes(std::string_view field, char delimiter) {
  if (field.empty()) return false;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  return is_blank(field.front()) || is_blank(field.back()) ||
         field.find_first_of("\"\r\n") != std::string_view::npos ||
         field.find(delimiter) != std::string_view::npos;
}

}  // namespace

void append_csv_field(std::string& out, std::string_view field, char delimiter) {
  if (!needs_quotes(field, delimiter)) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_record(std::string& out, std::span<const std::string> fields, char delimiter) {
  if (fields.size() == 1 && fields.front().empty()) {
    out += "\"\"\n";  // a blank line would be skipped by readers
    return;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += delimiter;
    append_csv_field(out, fields[i], delimiter);
  }
  out += '\n';
}

}  // namespace ebb::preprocessing
