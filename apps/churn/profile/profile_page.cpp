#include "apps/churn/profile/profile_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "apps/churn/profile/profile_sections.h"
#include "apps/churn/reporting/markup.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d0d7de; --faint: #59636e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #3d444d; --faint: #9198a1; }
}
body { margin: 0 auto; max-width: 50rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 1.5rem 0 0; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1rem; }
dt, p { color: var(--faint); } dd { margin: 0; } p { margin: .25rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: right;
  vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
@media print { :root { --ink: #000; --paper: #fff; --faint: #333; } section { break-inside: avoid; } }
)";

void append_cells(std::string& html, const char* tag, const std::vector<std::string>& cells) {
  html += "<tr>";
  for (const std::string& cell : cells) {
    html += fmt::format("<{0}>{1}</{2}>", tag, escaped(cell), std::string_view(tag).substr(0, 2));
  }
  html += "</tr>\n";
}

void append_section(std::string& html, const ProfileSection& section) {
  html += fmt::format("<section>\n<h2>{}</h2>\n<p>{}</p>\n<div class=\"scroll\"><table>\n<thead>",
                      escaped(section.title), escaped(section.note));
  append_cells(html, "th scope=\"col\"", section.header);
  html += "</thead>\n<tbody>\n";
  for (const auto& row : section.rows) append_cells(html, "td", row);
  html += "</tbody>\n</table></div>\n</section>\n";
}

std::vector<std::string> printable_cells(std::vector<std::string> cells) {
  std::ranges::transform(cells, cells.begin(),
                         [](const std::string& cell) { return printable(cell); });
  return cells;
}

}  // namespace

std::string profile_text(const CustomerProfile& profile, Language language) {
  const ProfileSections page = profile_sections(profile, language);
  std::string text = printable(page.title) + "\n\n";
  std::size_t width = 0;
  for (const ProfileFact& fact : page.facts) width = std::max(width, display_width(fact.name));
  for (const ProfileFact& fact : page.facts) {
    text += fact.name + std::string(width - display_width(fact.name) + 2, ' ') +
            printable(fact.value) + "\n";
  }
  for (const ProfileSection& section : page.sections) {
    text += fmt::format("\n{} ({})\n", section.title, section.note);
    TextTable table(section.header);
    for (const auto& row : section.rows) table.add(printable_cells(row));
    text += table.to_text();
  }
  return text;
}

std::string profile_html(const CustomerProfile& profile, Language language) {
  const ProfileSections page = profile_sections(profile, language);
  const std::string title = escaped(page.title);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n<dl>\n",
      language == Language::chinese ? "zh" : "en", title, kStyle, title);
  for (const ProfileFact& fact : page.facts) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(fact.name), escaped(fact.value));
  }
  html += "</dl>\n";
  for (const ProfileSection& section : page.sections) append_section(html, section);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace ebb::churn
