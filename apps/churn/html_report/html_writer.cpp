#include "apps/churn/html_report/html_writer.h"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

#include "apps/churn/html_report/style.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

/// How many bytes the UTF-8 character at the head of `text` has; 0 where there is none that XML
/// allows: overlong forms, surrogates, beyond U+10FFFF, U+FFFE and U+FFFF.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_allowed = code >= kLeast[length] && code <= 0x10FFFF &&
                          (code < 0xD800 || code > 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
  return is_allowed ? length : 0;
}

void append_escaped(std::string& to, std::string_view character) {
  switch (character[0]) {
    case '&':
      to += "&amp;";
      return;
    case '<':
      to += "&lt;";
      return;
    case '>':
      to += "&gt;";
      return;
    case '"':
      to += "&quot;";
      return;
    case '\'':
      to += "&#39;";
      return;
    default:
      break;
  }
  const auto byte = static_cast<std::uint8_t>(character[0]);
  if (byte < 0x20 || byte == 0x7F) {
    to += ' ';
  } else {
    to += character;
  }
}

std::string cells(const std::vector<std::string>& texts, bool is_header) {
  std::string html = "<tr>";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (is_header) {
      html += fmt::format("<th scope=\"col\">{}</th>", escaped(texts[i]));
    } else if (i == 0) {
      html += fmt::format("<th scope=\"row\">{}</th>", escaped(texts[i]));
    } else {
      html += fmt::format("<td>{}</td>", escaped(texts[i]));
    }
  }
  return html + "</tr>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      html += "\uFFFD";
      text.remove_prefix(1);
    } else {
      append_escaped(html, text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return html;
}

std::string paragraph(std::string_view text) { return fmt::format("<p>{}</p>\n", escaped(text)); }

std::string bullet_list(const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string html = "<ul>\n";
  for (const std::string& item : items) html += fmt::format("<li>{}</li>\n", escaped(item));
  return html + "</ul>\n";
}

std::string section(std::string_view id, std::string_view heading, std::string_view content) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-heading\">\n<h2 id=\"{0}-heading\">{1}</h2>\n"
      "{2}</section>\n",
      escaped(id), escaped(heading), content);
}

std::string to_html(const HtmlTable& table) {
  const std::string caption = escaped(table.caption);
  // A region that scrolls can be reached with the keyboard, and then wants a name.
  std::string html = fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\">\n<table{1}>\n"
      "<caption>{0}</caption>\n<thead>{2}</thead>\n<tbody>\n",
      caption,
      !table.has_numbers    ? ""
      : table.ends_in_words ? " class=\"numbers words-last\""
                            : " class=\"numbers\"",
      cells(table.header, true));
  for (const std::vector<std::string>& row : table.rows) {
    if (row.size() != table.header.size()) {
      fail<Error>("table \"{}\": a row of {} cells below a header of {}", table.caption, row.size(),
                  table.header.size());
    }
    html += cells(row, false);
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string plot_group(const std::vector<std::string>& plots) {
  std::string html = "<div class=\"plots\">\n";
  for (const std::string& plot : plots) html += fmt::format("<figure>{}</figure>\n", plot);
  return html + "</div>\n";
}

std::string html_document(std::string_view language, std::string_view title,
                          std::string_view body) {
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="{0}">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="generator" content="ebb"/>
<title>{1}</title>
<style>
{2}</style>
</head>
<body>
<main>
<h1>{1}</h1>
{3}</main>
</body>
</html>
)",
      escaped(language), escaped(title), kStyle, body);
}

}  // namespace ebb::churn
