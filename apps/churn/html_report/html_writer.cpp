#include "apps/churn/html_report/html_writer.h"

#include <fmt/format.h>

#include "apps/churn/html_report/style.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

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
